// Types of imports whose query ends in `meshy`: `./hero.png?meshy`, `./hero.png?pbr&poly=20000&meshy`.
// TypeScript allows one `*` in a pattern, so other orders need the generated declarations.

declare module '*?meshy' {
  export const url: import('unplugin-meshy/types').MeshyAsset['url']
  export const metadata: import('unplugin-meshy/types').MeshyAsset['metadata']
  export const files: import('unplugin-meshy/types').MeshyAsset['files']
  export const textures: import('unplugin-meshy/types').MeshyAsset['textures']
  export const thumbnail: import('unplugin-meshy/types').MeshyAsset['thumbnail']
  const asset: import('unplugin-meshy/types').MeshyAsset
  export default asset
}

declare module '*&meshy' {
  export const url: import('unplugin-meshy/types').MeshyAsset['url']
  export const metadata: import('unplugin-meshy/types').MeshyAsset['metadata']
  export const files: import('unplugin-meshy/types').MeshyAsset['files']
  export const textures: import('unplugin-meshy/types').MeshyAsset['textures']
  export const thumbnail: import('unplugin-meshy/types').MeshyAsset['thumbnail']
  const asset: import('unplugin-meshy/types').MeshyAsset
  export default asset
}
