import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Passes connections on from one loopback address to another, and counts what goes through. */
export interface CountingRelay {
  /** Bytes of both directions. */
  bytes(): number
  close(): Promise<void>
}

/** Listens at `address:port` and passes everything to `127.0.0.1:port`. */
export async function relayTo(address: string, port: number): Promise<CountingRelay> {
  let bytes = 0
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one)
      one.on('data', (chunk) => {
        bytes += chunk.length
      })
      one.on('error', () => other.destroy())
      one.on('close', () => sockets.delete(one))
      one.pipe(other)
    }
  })
  server.listen(port, address)
  await once(server, 'listening')
  return {
    bytes: () => bytes,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
