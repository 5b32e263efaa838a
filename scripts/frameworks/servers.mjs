import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { start, stop } from './commands.mjs'

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
}
const PATIENCE = 240

/** Serves a folder while `use` runs. */
export async function withSite(site, use) {
  const server = createServer((request, answer) => void serveFile(site, request, answer))
  const port = await listen(server)
  try {
    return await use(`http://127.0.0.1:${port}`)
  } finally {
    server.close()
  }
}

/** Runs the server of a framework while `use` runs, which gets the URL, and the output up to that point. */
export async function withServer(cwd, line, env, use) {
  const port = String(await freePort())
  const words = line.replaceAll('{port}', port).split(' ')
  const command = words[0] === 'node' ? words : ['npx', ...words]
  const child = start(cwd, command, { ...env, PORT: port, HOST: '127.0.0.1' })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text))
  try {
    const url = `http://127.0.0.1:${port}`
    await answering(url, child)
    return await use(url, () => stripVTControlCharacters(output))
  } catch (error) {
    throw new Error(`${error.message}\n${output}`, { cause: error })
  } finally {
    stop(child)
  }
}

async function answering(url, child) {
  for (let attempt = 0; attempt < PATIENCE && child.exitCode === null; attempt++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  throw new Error('The server does not answer.')
}

async function freePort() {
  const server = createServer()
  const port = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server.address().port
}

async function serveFile(site, request, answer) {
  const name = decodeURIComponent(new URL(request.url, 'http://site').pathname)
  const file = path.join(site, name.endsWith('/') ? `${name}index.html` : name)
  const isFile = (await stat(file).catch(() => undefined))?.isFile() === true
  const type = TYPES[path.extname(file)] ?? 'application/octet-stream'
  answer.writeHead(isFile ? 200 : 404, { 'content-type': type }).end(isFile ? await readFile(file) : '')
}
