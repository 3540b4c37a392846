import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDavServer, type DavServer } from '../support/dav-server.ts'

const AUTHORIZATION = `Authorization: Basic ${btoa('ann:ann')}`

describe('a client that falls silent in the middle of a body', () => {
  let server: DavServer
  beforeAll(async () => {
    server = await createDavServer({ idleMs: 150 })
  })
  afterAll(() => server.close())

  function open(lines: string[]): Socket {
    const socket = connect(Number(new URL(server.origin).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(`${[...lines, 'Host: cloud.example', AUTHORIZATION].join('\r\n')}\r\n\r\n`)
    return socket
  }

  const options = ['OPTIONS /dav/files/ann/ HTTP/1.1']
  const connections = () => expect.poll(() => server.connections(), { timeout: 10_000, interval: 20 })

  it('loses its connection, and nothing of its file stays', async () => {
    const socket = open(['PUT /dav/files/ann/slow.bin HTTP/1.1', 'Content-Length: 1000000'])
    socket.write('only a few bytes')
    socket.resume()
    await once(socket, 'close')
    await expect(server.drive('ann').stat(['slow.bin'])).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it('loses its connection when it takes no more of a large file', async () => {
    await server.drive('ann').write(['big.bin'], Readable.from([Buffer.alloc(64 * 1024 * 1024)]))
    const socket = open(['GET /dav/files/ann/big.bin HTTP/1.1'])
    await once(socket, 'readable') // and never read: its window fills
    await connections().toBe(0)
    socket.destroy()
  })

  it('may be as silent as it likes between two requests', async () => {
    const patient = open(options)
    await once(patient, 'data')
    const silent = open(['PUT /dav/files/ann/slow.bin HTTP/1.1', 'Content-Length: 10'])
    silent.resume()
    await once(silent, 'close')
    await connections().toBe(1)
    patient.write(`${options[0]}\r\nHost: cloud.example\r\n${AUTHORIZATION}\r\n\r\n`)
    expect(String((await once(patient, 'data'))[0])).toContain('200 OK')
    patient.destroy()
  })
})
