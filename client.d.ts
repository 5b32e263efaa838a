// Types of imports whose query ends in `meshy`: `./hero.png?meshy`, `./hero.png?pbr&poly=20000&meshy`.
// TypeScript allows one `*` in a pattern, so other orders need the generated declarations.

declare module '*?meshy' {
  export const url: import('./dist/types.mjs').MeshyAsset['url']
  export const metadata: import('./dist/types.mjs').MeshyAsset['metadata']
  export const files: import('./dist/types.mjs').MeshyAsset['files']
  export const textures: import('./dist/types.mjs').MeshyAsset['textures']
  export const thumbnail: import('./dist/types.mjs').MeshyAsset['thumbnail']
  const asset: import('./dist/types.mjs').MeshyAsset
  export default asset
}

declare module '*&meshy' {
  export const url: import('./dist/types.mjs').MeshyAsset['url']
  export const metadata: import('./dist/types.mjs').MeshyAsset['metadata']
  export const files: import('./dist/types.mjs').MeshyAsset['files']
  export const textures: import('./dist/types.mjs').MeshyAsset['textures']
  export const thumbnail: import('./dist/types.mjs').MeshyAsset['thumbnail']
  const asset: import('./dist/types.mjs').MeshyAsset
  export default asset
}
