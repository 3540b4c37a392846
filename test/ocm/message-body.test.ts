import { createServer, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type BodyReader,
  createBodyReader,
  findFields,
  isPlainJson,
} from '../../src/ocm/incoming/message-body.ts'
import type { AppError } from '../../src/platform/errors.ts'

const MEBIBYTE = 1024 * 1024

describe('JSON of a message', () => {
  it.each([
    ['nothing', ''],
    ['64 levels', `${'['.repeat(64)}${']'.repeat(64)}`],
    ['brackets and commas in a string', `{"a":"${'[{,'.repeat(20_000)}"}`],
    ['escaped quotes before them', `{"a":"\\"${'[,'.repeat(20_000)}\\\\"}`],
    ['a mebibyte of text', `{"description":"${'d'.repeat(MEBIBYTE - 18)}"}`],
  ])('is parsed with %s', (_, text) => {
    expect(isPlainJson(Buffer.from(text))).toBe(true)
  })

  it.each([
    ['65 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['a mebibyte of brackets', '['.repeat(MEBIBYTE)],
    ['too many values', `[${'1,'.repeat(10_001)}1]`],
    ['too many objects', `[${'{}'.repeat(10_001)}]`],
    ['values behind a string that ends in a backslash', `["\\\\",${'[],'.repeat(10_001)}1]`],
  ])('is not parsed with %s', (_, text) => {
    expect(isPlainJson(Buffer.from(text))).toBe(false)
  })
})

describe('a form of a message', () => {
  it('has 200 fields at most, and as many bytes as fit', () => {
    expect([...(findFields(Buffer.from(Array(200).fill('a=1').join('&'))) ?? [])]).toHaveLength(200)
    expect(findFields(Buffer.from(`a=${'%41'.repeat(300_000)}`))?.get('a')?.length).toBe(300_000)
    expect(findFields(Buffer.from('a&'.repeat(202)))).toBeUndefined()
  })
})

describe('large messages', () => {
  let server: Server | undefined
  const sockets: Socket[] = []
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
    server?.close()
  })

  /** A server that says how a body was read; `held` resolves when one is. */
  async function listen(bodies: BodyReader) {
    const release = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    server = createServer((request, response) => {
      const act = async (body: Buffer) => {
        held.resolve()
        await release.promise
        return `200 ${body.length}`
      }
      bodies
        .withBody(request, act)
        .catch((error: AppError) => `${error.status} ${error.retryAfterSeconds ?? ''}`)
        .then((text) => response.end(text))
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const send = async (size: number) =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: Buffer.alloc(size) })).text()
    return { send, port, held: held.promise, release: release.resolve }
  }

  it('are handled so many at a time, small ones always, and a place is free again afterwards', async () => {
    const { send, held, release } = await listen(createBodyReader(1))
    const first = send(MEBIBYTE)
    await held
    expect(await send(64 * 1024 + 1)).toBe('503 10')
    const small = send(64 * 1024)
    release()
    expect(await Promise.all([first, small])).toEqual([`200 ${MEBIBYTE}`, `200 ${64 * 1024}`])
    expect(await send(64 * 1024 + 1)).toBe(`200 ${64 * 1024 + 1}`)
    expect(await send(MEBIBYTE + 1)).toBe('413 ')
  })

  it('that break off give their place back', async () => {
    const { send, port, release } = await listen(createBodyReader(1))
    release()
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(100_000)}`)
    await expect.poll(() => send(100_000)).toBe('503 10')
    socket.destroy()
    await expect.poll(() => send(100_000)).toBe('200 100000')
  })
})
