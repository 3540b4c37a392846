import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the far server was asked. */
export interface SeenAtFar {
  method: string
  url: string
  /** As they were spelled. */
  rawHeaders: string[]
  headers: IncomingMessage['headers']
  body: Buffer
}

/** A server on loopback that answers as a test wants it to, and remembers what it was asked. */
export interface FarServer {
  origin: string
  host: string
  seen: SeenAtFar[]
  /** What it answers to the next requests; the body of the request is read when it is asked for. */
  answer(
    handler: (request: IncomingMessage, response: ServerResponse, body: () => Promise<Buffer>) => void,
  ): void
  close(): Promise<void>
}

export async function createFarServer(): Promise<FarServer> {
  let handler: Parameters<FarServer['answer']>[0] = (_request, response) => response.writeHead(404).end()
  const seen: SeenAtFar[] = []
  const listener: RequestListener = (request, response) => {
    const { method = '', url = '', headers, rawHeaders } = request
    const one = { method, url, headers, rawHeaders, body: Buffer.alloc(0) }
    seen.push(one)
    handler(request, response, async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      one.body = Buffer.concat(chunks)
      return one.body
    })
  }
  const server = createServer(listener)
  server.on('checkContinue', listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin: `http://${host}`,
    host,
    seen,
    answer: (next) => {
      handler = next
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
