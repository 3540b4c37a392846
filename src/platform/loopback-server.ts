import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'

/** A server for programs of this machine: on a free port of loopback, from the first time its port is asked for. */
export class LoopbackServer {
  private readonly answer: RequestListener
  private server: Promise<Server> | undefined

  constructor(answer: RequestListener) {
    this.answer = answer
  }

  /** Where it listens; begins to when it did not. */
  async port(): Promise<number> {
    this.server ??= this.listen()
    const address = (await this.server).address()
    if (address === null || typeof address === 'string') throw new Error('the server on loopback has no port')
    return address.port
  }

  async close(): Promise<void> {
    const server = await this.server
    server?.close()
    server?.closeAllConnections()
  }

  private async listen(): Promise<Server> {
    const server = createServer(this.answer)
    // Exclusive: among several processes of a node the port is this one's.
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true })
    await once(server, 'listening')
    server.unref()
    return server
  }
}
