import { createServer, type AddressInfo } from 'node:net'

/**
 * A port that nobody listens on, for servers that take 0 for their usual one. There, pages of a server that ended would
 * find the server of another test, and talk to it.
 */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
