import { describe, expect, it } from 'vitest'
import { PromptScrubber, type OutputFiles } from '../../src/bundlers/scrub-maps.ts'

describe('PromptScrubber', () => {
  it.each([
    [`'./a.png?meshy&prompt=red wool&pbr'`, 'red wool', `'./a.png?meshy&prompt=********&pbr'`],
    [`'./a.png?prompt=red%20wool&meshy'`, 'red%20wool', `'./a.png?prompt=**********&meshy'`],
    [`"./a.png?meshy&texture_prompt=a \\"b\\" c"`, 'a "b" c', `"./a.png?meshy&texture_prompt=*********"`],
    [
      `'./a.png?meshy&prompt=Gr\\u00f6\\xdfe \\u{1F451}'`,
      'Größe 👑',
      `'./a.png?meshy&prompt=***********************'`,
    ],
    [
      `{ query: { meshy: '', prompt: 'red wool' } }`,
      'red+wool',
      `{ query: { meshy: '', prompt: '********' } }`,
    ],
    [`{ query: { "prompt" : \`a+b\` } }`, 'a%2Bb', '{ query: { "prompt" : `***` } }'],
  ])('overwrites %s', (source, prompt, expected) => {
    expect(scrub(source, [`./a.png?meshy&prompt=${prompt}`])).toBe(expected)
  })

  it('leaves the words of a prompt alone where they are none', () => {
    const source = `const red = 'red' // prompt: which red?\nimport a from './a.png?meshy&prompt=red'\n`

    expect(scrub(source, ['./a.png?meshy&prompt=red'])).toBe(source.replace('=red', '=***'))
  })

  it('overwrites the whole of a prompt when it begins with another one', () => {
    const specifiers = ['./a.png?meshy&prompt=red', './b.png?meshy&prompt=red wool']

    expect(scrub(`'./b.png?meshy&prompt=red wool'`, specifiers)).toBe(`'./b.png?meshy&prompt=********'`)
  })

  it('overwrites in every inline map of a file', () => {
    const scrubber = new PromptScrubber()
    scrubber.add('./a.png?meshy&prompt=red')
    const comment = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,'
    const inline = (source: string) =>
      comment + Buffer.from(JSON.stringify({ sourcesContent: [source] })).toString('base64')
    const codeOf = (...sources: string[]) =>
      sources
        .map((source) => `eval(${JSON.stringify(`1\n${inline(source)}\n//# sourceURL=a.js`)})\n`)
        .join('')
    const file = { type: 'chunk' as const, code: codeOf(`'?prompt=red'`, `1`, `'?meshy&prompt=red'`) }

    scrubber.scrub({ 'main.js': file })

    expect(file.code).toBe(codeOf(`'?prompt=***'`, `1`, `'?meshy&prompt=***'`))
  })

  it.each([
    ['a level of a game', 'level.map', '{ "classname" "worldspawn" }'],
    ['JSON of another kind', 'tiles.map', 'null'],
    ['an index without sources', 'main.js.map', '{"version":3,"sources":[],"mappings":""}'],
  ])('leaves %s alone', (_, name, source) => {
    const scrubber = new PromptScrubber()
    scrubber.add('./a.png?meshy&prompt=red')
    const file = { type: 'asset' as const, source }

    scrubber.scrub({ [name]: file })

    expect(file.source).toBe(source)
  })

  it('leaves code alone that holds the beginning of a map', () => {
    const scrubber = new PromptScrubber()
    scrubber.add('./a.png?meshy&prompt=red')
    const code = `const head = "//# sourceMappingURL=data:application/json;base64,abc"\n`
    const file = { type: 'chunk' as const, code }

    scrubber.scrub({ 'main.js': file })

    expect(file.code).toBe(code)
  })

  it('touches nothing when no import has a prompt', () => {
    const source = `'./a.png?meshy&prompt=red'`

    expect(scrub(source, ['./a.png?meshy&pbr'])).toBe(source)
  })
})

function scrub(source: string, specifiers: string[]): string | null | undefined {
  const scrubber = new PromptScrubber()
  for (const specifier of specifiers) scrubber.add(specifier)
  const file = { type: 'asset' as const, source: JSON.stringify({ sourcesContent: [null, source] }) }
  const files: OutputFiles = { 'main.js.map': file }
  scrubber.scrub(files)
  return (JSON.parse(file.source) as { sourcesContent: (string | null)[] }).sourcesContent[1]
}
