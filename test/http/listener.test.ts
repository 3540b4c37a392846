import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { listen } from '../../src/http/listener.ts'

describe('an orderly stop', () => {
  it('lets a running request end and then waits for nobody who only keeps a connection', async () => {
    const arrived = Promise.withResolvers<ServerResponse>()
    const handler = (_: IncomingMessage, response: ServerResponse) => arrived.resolve(response)
    const listener = await listen(handler, { host: '127.0.0.1', port: 0, onExpectContinue: handler })
    const agent = new Agent({ keepAlive: true })
    const answered = Promise.withResolvers<string>()
    get(listener.url, { agent }, async (answer) => {
      const chunks = await answer.toArray()
      answered.resolve(Buffer.concat(chunks).toString())
    })
    const response = await arrived.promise
    const stopped = listener.close(60_000)
    response.end('in time')
    expect(await answered.promise).toBe('in time')
    await stopped
    agent.destroy()
  })

  it('cuts what has not ended when the grace is over', async () => {
    const handler = (_: IncomingMessage, response: ServerResponse) => void response.write('begun')
    const listener = await listen(handler, { host: '127.0.0.1', port: 0, onExpectContinue: handler })
    const cut = new Promise((resolve) => {
      get(listener.url, (answer) => answer.on('error', resolve).once('data', () => listener.close(20)))
    })
    expect(await cut).toMatchObject({ code: 'ECONNRESET' })
  })
})
