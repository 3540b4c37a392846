import { randomBytes } from 'node:crypto'
import { truncate } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileBody } from '../../src/store/local/file-body.ts'
import { createTestSpaces, type TestSpaces } from './support.ts'

const CONTENT = randomBytes(3 * 1024 * 1024 + 17)

describe('the body of a large file', () => {
  let test: TestSpaces
  beforeEach(async () => {
    test = await createTestSpaces('sqlite')
    await test.store.write(['big'], Readable.from([CONTENT]))
  })
  afterEach(() => test.close())

  const open = async (range?: { start: number; end: number }, signal?: AbortSignal) =>
    (await test.store.read(['big'], range, signal)).body as FileBody

  /** Takes what is sent, one piece after the other, and keeps it as it was when it was taken. */
  function sink(onWrite: (taken: number) => void = () => undefined) {
    const taken: Buffer[] = []
    const out = new Writable({
      write(chunk: Buffer, _encoding, done) {
        setImmediate(() => {
          taken.push(Buffer.from(chunk))
          onWrite(taken.length)
          done()
        })
      },
    })
    return { out, bytes: () => Buffer.concat(taken) }
  }

  it('is sent whole and in ranges, although two buffers take turns', async () => {
    const all = sink()
    await (await open()).sendTo(all.out)
    expect(all.bytes().equals(CONTENT)).toBe(true)
    const part = sink()
    await (await open({ start: 5, end: 2_000_000 })).sendTo(part.out)
    expect(part.bytes().equals(CONTENT.subarray(5, 2_000_001))).toBe(true)
  })

  it('is a stream for who wants one', async () => {
    const chunks = await (await open()).toArray()
    expect(Buffer.concat(chunks).equals(CONTENT)).toBe(true)
  })

  it('throws when the file is cut short meanwhile, and when the reader goes away', async () => {
    const body = await open()
    await truncate(`${test.files}/big`, 600_000)
    await expect(body.sendTo(sink().out)).rejects.toThrow('cut short')
    await test.store.write(['big'], Readable.from([CONTENT]))
    const leaving = sink((taken) => taken === 2 && leaving.out.destroy())
    const abandoned = await open()
    await expect(abandoned.sendTo(leaving.out)).rejects.toThrow()
    expect(abandoned.destroyed).toBe(true)
  })

  it('ends when its signal aborts', async () => {
    const gone = new AbortController()
    const body = await open(undefined, gone.signal)
    const { out } = sink((taken) => taken === 1 && gone.abort())
    await expect(body.sendTo(out)).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('arrives over HTTP byte by byte, many at a time', async () => {
    const server = createServer(async (_, res) => {
      await (await open()).sendTo(res)
      res.end()
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const load = async () => Buffer.from(await (await fetch(`http://127.0.0.1:${port}`)).arrayBuffer())
    const loaded = await Promise.all([load(), load(), load(), load()])
    expect(loaded.every((one) => one.equals(CONTENT))).toBe(true)
    await new Promise((resolve) => server.close(resolve))
  })
})
