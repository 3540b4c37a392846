import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { readBytes } from '../../src/platform/read-bytes.ts'

describe('reading a body into memory', () => {
  let server: Server | undefined

  afterEach(() => {
    server?.closeAllConnections()
    server?.close()
  })

  /** What reading ended in, for a client that sends `text` and then nothing or the end of the connection. */
  async function outcomeOf(text: string, maxTimeMs: number, leaves: boolean): Promise<unknown> {
    const outcome = Promise.withResolvers<unknown>()
    server = createServer((request: IncomingMessage, response: ServerResponse) => {
      outcome.resolve(
        readBytes(request, 10, maxTimeMs === undefined ? {} : { maxTimeMs }).catch((error: unknown) => error),
      )
      request.once('close', () => response.destroy())
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(text)
    if (leaves) server.once('request', () => socket.destroy())
    return outcome.promise.finally(() => socket.destroy())
  }

  const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'

  it('ends for a client that sends it drop by drop', async () => {
    expect(await outcomeOf(`${HEAD}1\r\nx\r\n`, 50, false)).toMatchObject({
      status: 408,
      code: 'REQUEST_TIMEOUT',
    })
  })

  it('ends for a client that goes away, as its fault and not ours', async () => {
    expect(await outcomeOf(`${HEAD}1\r\nx\r\n`, 5000, true)).toMatchObject({ status: 400 })
  })

  it('ends as soon as there is too much, declared or not', async () => {
    expect(await outcomeOf(`${HEAD}b\r\n12345678901\r\n`, 5000, false)).toMatchObject({ status: 413 })
    server?.close()
    const declared = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n'
    expect(await outcomeOf(declared, 5000, false)).toMatchObject({ status: 413 })
  })
})
