'use client'

import { useEffect } from 'react'
import hero from '../hero.png?meshy&poly=5000'

export default function Viewer({ src }) {
  useEffect(() => {
    void import('@google/model-viewer')
  }, [])
  // The same model on the server and in the browser.
  return (
    <model-viewer src={src} data-same={String(src === hero.url)} alt="The hero" style={{ height: '20em' }} />
  )
}
