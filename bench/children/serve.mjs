// Serves the models of a cache folder as a team HTTP store does, until it is disconnected: with Node, or with nginx.
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { childArgs } from '../lib/child.mjs'

const { blobs, by } = childArgs()
if (by === 'nginx') await serveByNginx()
else serveByNode()

function serveByNode() {
  const server = createServer(async ({ url = '' }, response) => {
    const sha256 = path.basename(url)
    const file = path.join(blobs, sha256.slice(0, 2), `${sha256}.glb`)
    response.writeHead(200, { 'content-length': (await stat(file)).size })
    pipeline(createReadStream(file), response, () => {})
  })
  server.listen(0, '127.0.0.1', () => announce(server.address().port))
  process.on('disconnect', () => process.exit(0))
}

async function serveByNginx() {
  const folder = await mkdtemp(path.join(tmpdir(), 'nginx-'))
  const port = await freePort()
  const file = path.join(folder, 'nginx.conf')
  await writeFile(
    file,
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/errors; events {}
     ${process.getuid() === 0 ? 'user root;' : ''}
     http {
       access_log off; default_type application/octet-stream; sendfile on;
       client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
       uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
       server { listen 127.0.0.1:${port}; location ~ "^/cas/((..).+)$" { alias ${blobs}/$2/$1.glb; } }
     }`,
  )
  const nginx = spawn('nginx', ['-c', file], { stdio: 'inherit' })
  process.on('disconnect', () => nginx.kill())
  nginx.on('exit', async () => {
    await rm(folder, { recursive: true })
    process.exit(0)
  })
  while (!(await isOpen(port))) await sleep(20)
  announce(port)
}

function announce(port) {
  process.send({ url: `http://127.0.0.1:${port}` })
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function isOpen(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
