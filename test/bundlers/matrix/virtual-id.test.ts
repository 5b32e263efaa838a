import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromVirtualId, toVirtualId, VIRTUAL_ID } from '../../../src/bundlers/module-id.ts'

const TOKEN = '?meshy=0123456789abcdef'

describe('toVirtualId', () => {
  it.each([
    ['a picture below the root', '/site', '/site/src/hero.png'],
    ['a picture above the root', '/site/app', '/site/shared/hero.png'],
    ['a name with a question mark', '/site', '/site/what?.png'],
    ['a name in another script', '/site', '/site/герой.png'],
  ])('gives an id that leads back to %s', (_, root, file) => {
    const id = toVirtualId(file + TOKEN, root, path.posix)

    expect(id).toMatch(VIRTUAL_ID)
    expect(fromVirtualId(id, root, path.posix)).toBe(file + TOKEN)
  })

  it('is the same wherever a checkout is, on any system', () => {
    const here = toVirtualId(`/a/b/src/hero.png${TOKEN}`, '/a/b', path.posix)

    expect(toVirtualId(`/c/src/hero.png${TOKEN}`, '/c', path.posix)).toBe(here)
    expect(toVirtualId(`D:/game/src/hero.png${TOKEN}`, 'D:\\game', path.win32)).toBe(here)
  })

  it('is caught by no rule for pictures or models', () => {
    const id = toVirtualId(`/a/hero.png${TOKEN}`, '/a', path.posix)

    expect(id).not.toMatch(/\.(png|jpe?g|glb|json)/)
  })

  it.each([
    ['on the drive of the root', 'C:\\site', 'C:/site/src/hero.png'],
    ['on another drive', 'C:\\site', 'D:/pictures/hero.png'],
    ['on a share', 'C:\\site', '//server/share/hero.png'],
  ])('leads back to a picture %s', (_, root, file) => {
    const id = toVirtualId(file + TOKEN, root, path.win32)

    expect(fromVirtualId(id, root, path.win32)).toBe(file + TOKEN)
  })

  it('leads back from a path that a bundler made of it', () => {
    const id = toVirtualId(`C:/site/hero.png${TOKEN}`, 'C:\\site', path.win32)

    expect(fromVirtualId(`C:\\site\\${id}`, 'C:\\site', path.win32)).toBe(`C:/site/hero.png${TOKEN}`)
  })
})
