import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { CELLS } from './cells.mjs'
import { PROJECTS } from './projects.mjs'

const FILE = fileURLToPath(new URL('../../docs/bundlers.md', import.meta.url))
const BLOCK = /(<!-- frameworks -->\n)[\s\S]*(?=<!-- end of frameworks -->)/

/** Puts rows into the table of docs/bundlers.md; those of other projects stay unchanged. */
export async function writeRows(results) {
  const text = await readFile(FILE, 'utf8')
  const known = new Map(rowsOf(text).map((row) => [titleOf(row), row]))
  for (const { name, ...result } of results) known.set(PROJECTS[name].title, rowOf(name, result))
  const titles = Object.values(PROJECTS).map(({ title }) => title)
  const rows = titles.map((title) => known.get(title) ?? line([title, '', ...untried()]))
  const head = [
    line(['project', 'tried', ...Object.keys(CELLS)]),
    line([...Array(2), ...untried()].map(() => '---')),
  ]
  await writeFile(
    FILE,
    text.replace(BLOCK, (_, begin) => `${begin}\n${[...head, ...rows].join('\n')}\n\n`),
  )
}

function rowOf(name, { version, date, cells }) {
  const { title, of } = PROJECTS[name]
  const texts = Object.keys(CELLS).map((cell) => cells[cell] ?? 'not tried')
  return line([title, `\`${of}\` ${version}, ${date}`, ...texts])
}

function rowsOf(text) {
  return (BLOCK.exec(text)?.[0] ?? '').split('\n').filter((row) => /^\| (?!-|project)/.test(row))
}

const untried = () => Object.keys(CELLS).map(() => 'not tried')
const titleOf = (row) => row.split('|')[1].trim()
const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
