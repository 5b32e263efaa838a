import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import type { Sharp } from 'sharp'

/** Code points of the emoji that tests take for cut-out objects. */
const EMOJI = {
  backpack: '1f392',
  bicycle: '1f6b2',
  camera: '1f4f7',
  car: '1f697',
  chair: '1fa91',
  face: '1f603',
  mug: '2615',
  pig: '1f416',
  rocket: '1f680',
  snowflake: '2744-fe0f',
  teapot: '1fad6',
  teddy: '1f9f8',
  web: '1f578-fe0f',
}
export type Emoji = keyof typeof EMOJI

/** An object with a transparent backdrop, PNG. */
export async function emoji(name: Emoji, size = 256): Promise<Uint8Array> {
  const file = new URL(import.meta.resolve(`@lobehub/fluent-emoji-3d/assets/${EMOJI[name]}.webp`))
  return bytes(
    sharp(await readFile(file))
      .resize(size, size)
      .png(),
  )
}

export interface Scene {
  /** Colours of the backdrop at its top and bottom. */
  backdrop: [top: string, bottom: string]
  shadow?: boolean
  format?: 'png' | 'jpeg'
}

/** An emoji in front of a backdrop, 512 pixels a side. */
export async function scene(
  name: Emoji,
  { backdrop, shadow = false, format = 'png' }: Scene,
): Promise<Uint8Array> {
  const layers = [{ input: Buffer.from(await emoji(name, 340)), left: 86, top: 86 }]
  return bytes(sharp(backdropSvg(backdrop, shadow)).composite(layers).removeAlpha()[format]())
}

/** A picture that is all texture: nothing in it is a separate object. */
export async function landscape(): Promise<Uint8Array> {
  const hills =
    '<path d="M0 300 Q130 180 260 300 T520 260 V512 H0Z" fill="#3a6"/><circle cx="380" cy="90" r="50" fill="#fd5"/>'
  return bytes(sharp(svg(gradient('#48f', '#fa6') + hills)).jpeg())
}

/** A picture of one colour. */
export async function flat(width: number, height: number, color = '#c84'): Promise<Uint8Array> {
  return bytes(sharp({ create: { width, height, channels: 3, background: color } }).png())
}

export async function transparent(width: number, height: number): Promise<Uint8Array> {
  return bytes(sharp({ create: { width, height, channels: 4, background: '#0000' } }).png())
}

export async function bytes(image: Sharp): Promise<Uint8Array> {
  return new Uint8Array(await image.toBuffer())
}

function backdropSvg([top, bottom]: [string, string], shadow: boolean): Buffer {
  const blur =
    '<filter id="f" x="-1" y="-2" width="3" height="5"><feGaussianBlur stdDeviation="14"/></filter>'
  const ellipse = '<ellipse cx="256" cy="420" rx="110" ry="26" fill="#000" opacity=".45" filter="url(#f)"/>'
  return svg(gradient(top, bottom) + (shadow ? blur + ellipse : ''))
}

function gradient(top: string, bottom: string): string {
  const stops = `<stop offset="0" stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/>`
  return `<linearGradient id="g" x1="0" y1="0" x2="0" y2="1">${stops}</linearGradient><rect width="512" height="512" fill="url(#g)"/>`
}

function svg(content: string): Buffer {
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512">${content}</svg>`)
}
