// Serves the models of a cache folder as a team's HTTP store does, until it is disconnected.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream'
import { childArgs } from '../lib/child.mjs'

const { blobs } = childArgs()
const server = createServer(async ({ url = '' }, response) => {
  const sha256 = path.basename(url)
  const file = path.join(blobs, sha256.slice(0, 2), `${sha256}.glb`)
  response.writeHead(200, { 'content-length': (await stat(file)).size })
  pipeline(createReadStream(file), response, () => {})
})
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }))
process.on('disconnect', () => process.exit(0))
