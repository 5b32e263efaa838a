import hero from '../hero.png?meshy&poly=5000'
import Viewer from './viewer'

// A server component: facts and URL are known where the page is rendered.
export default function Page() {
  return (
    <main>
      <p>{`${hero.metadata.triangles} triangles, ${hero.metadata.state}`}</p>
      <Viewer src={hero.url} />
    </main>
  )
}
