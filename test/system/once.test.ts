import { describe, expect, it } from 'vitest'
import { SingleFlight } from '../../src/system/once.ts'

describe('SingleFlight', () => {
  it('gives everybody who asks for a key the same work while it is under way', async () => {
    const flights = new SingleFlight()
    let land: (model: string) => void = () => {}
    let begun = 0
    const work = () => {
      begun += 1
      return new Promise<string>((resolve) => (land = resolve))
    }

    const both = Promise.all([flights.join('key', work), flights.join('key', work)])
    land('model')

    expect(await both).toEqual(['model', 'model'])
    expect(begun).toBe(1)
    expect(await flights.join('key', async () => 'another')).toBe('another')
  })

  it('keeps keys apart', async () => {
    const flights = new SingleFlight()

    expect(await Promise.all([flights.join('a', async () => 1), flights.join('b', async () => 2)])).toEqual([
      1, 2,
    ])
  })

  it('remembers no failure', async () => {
    const flights = new SingleFlight()
    await expect(flights.join('key', () => Promise.reject(new Error('no')))).rejects.toThrow('no')

    expect(await flights.join('key', async () => 'model')).toBe('model')
  })
})
