// Types of imports whose query ends in `meshy`: `./hero.png?meshy`, `./hero.png?pbr&poly=20000&meshy`.
// TypeScript allows one `*` in a pattern, so other orders need the generated declarations, which hold `*?meshy` itself:
// with the extensions before it, both files may be used together.

declare module '*&meshy' {
  const asset: import('./dist/types.mjs').MeshyAsset
  export const url: typeof asset.url
  export const metadata: typeof asset.metadata
  export const files: typeof asset.files
  export const textures: typeof asset.textures
  export const thumbnail: typeof asset.thumbnail
  export const thumbnails: typeof asset.thumbnails
  export const lods: typeof asset.lods
  export default asset
}

declare module '*.png?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.jpg?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.jpeg?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.meshy.json?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.PNG?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.Png?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.JPG?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.Jpg?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.JPEG?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}

declare module '*.Jpeg?meshy' {
  export * from '&meshy'
  export { default } from '&meshy'
}
