import type { PluginWithDevTools } from '@vitejs/devtools-kit'
import type { CreateInspector } from './adapter.ts'

/** The models page as a dock of Vite DevTools. */
export class ViteDock {
  /** Plugin hooks that only Vite DevTools reads. */
  readonly hooks: Required<Pick<PluginWithDevTools, 'devtools'>>
  #isDocked = false

  /** @param findPage path of the page; undefined for a server that has none */
  constructor(findPage: () => Promise<string | undefined>) {
    this.hooks = {
      devtools: {
        // The output of a build has no server that the page could ask.
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

  /** Allows the page in a frame where it is docked, and only there. */
  admit(createInspector: CreateInspector): CreateInspector {
    return (server) => createInspector({ ...server, isDocked: () => this.#isDocked })
  }
}

/**
 * A cube, in a color that is visible on light and dark; drawn here, because an icon name would be fetched from the
 * internet.
 */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#7c5cff" stroke-width="2" stroke-linejoin="round">' +
  '<path d="M12 2 21 7v10l-9 5-9-5V7zM3 7l9 5 9-5M12 12v10"/></svg>'

const DOCK = {
  id: 'unplugin-meshy',
  type: 'iframe',
  title: 'Models',
  icon: `data:image/svg+xml,${encodeURIComponent(ICON)}`,
} as const
