import type { PluginWithDevTools } from '@vitejs/devtools-kit'
import type { CreateInspector } from './adapter.ts'

/** The page of the models as a dock of Vite DevTools. */
export class ViteDock {
  /** Hooks of a plugin that Vite DevTools reads, and nobody else. */
  readonly hooks: Required<Pick<PluginWithDevTools, 'devtools'>>
  #isDocked = false

  /** @param findPage path of the page; undefined for a server that has none */
  constructor(findPage: () => Promise<string | undefined>) {
    this.hooks = {
      devtools: {
        // What a build writes has no server that the page could ask.
        capabilities: { build: false },
        setup: async ({ docks }) => {
          const url = await findPage()
          if (url === undefined) return
          docks.register({ ...DOCK, url }, true)
          this.#isDocked = true
        },
      },
    }
  }

  /** Lets a frame hold the page where it is docked, and there alone. */
  admit(createInspector: CreateInspector): CreateInspector {
    return (server) => createInspector({ ...server, isDocked: () => this.#isDocked })
  }
}

/** A cube, in a color that can be seen on light and dark; drawn here, since a name would be asked from the internet. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#7c5cff" stroke-width="2" stroke-linejoin="round">' +
  '<path d="M12 2 21 7v10l-9 5-9-5V7zM3 7l9 5 9-5M12 12v10"/></svg>'

const DOCK = {
  id: 'unplugin-meshy',
  type: 'iframe',
  title: 'Models',
  icon: `data:image/svg+xml,${encodeURIComponent(ICON)}`,
} as const
