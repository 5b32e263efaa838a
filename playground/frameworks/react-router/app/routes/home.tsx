import { createElement, useEffect } from 'react'
import hero from '../../hero.png?meshy&poly=5000'

export default function Home() {
  useEffect(() => {
    void import('@google/model-viewer')
  }, [])
  return (
    <main>
      <p>{`${hero.metadata.triangles} triangles, ${hero.metadata.state}`}</p>
      {createElement('model-viewer', { src: hero.url, alt: 'The hero', style: { height: '20em' } })}
    </main>
  )
}
