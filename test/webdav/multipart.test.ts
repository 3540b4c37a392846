import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/platform/errors.ts'
import { parseBoundary, readMultipart } from '../../src/webdav/bulk/multipart.ts'

async function* inPieces(body: Buffer, pieceBytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < body.length; at += pieceBytes) yield body.subarray(at, at + pieceBytes)
}

interface Part {
  headers: Record<string, string>
  content: string
}

async function read(body: Buffer, boundary: string, pieceBytes = 7): Promise<Part[]> {
  const parts: Part[] = []
  for await (const { headers, body: content } of readMultipart(inPieces(body, pieceBytes), boundary)) {
    const pieces: Buffer[] = []
    for await (const piece of content) pieces.push(Buffer.from(piece))
    parts.push({ headers: Object.fromEntries(headers), content: Buffer.concat(pieces).toString('latin1') })
  }
  return parts
}

function part(content: Buffer | string, headers: Record<string, string> = {}, boundary = 'b'): Buffer {
  const bytes = Buffer.from(content)
  const lines = Object.entries({ 'Content-Length': `${bytes.length}`, ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`--${boundary}\r\n${head}\r\n`), bytes, Buffer.from('\r\n')])
}

const end = Buffer.from('--b--\r\n')

describe('the boundary of a multipart body', () => {
  it.each([
    ['multipart/related; boundary="a/b c"', 'a/b c'],
    ['Multipart/Related;type=x; Boundary=abc', 'abc'],
  ])('%s', (type, boundary) => expect(parseBoundary(type)).toBe(boundary))

  it.each([
    undefined,
    '',
    'multipart/form-data; boundary=x',
    'multipart/related',
    'multipart/related; boundary=""',
  ])('%s has none that is taken', (type) => expect(() => parseBoundary(type)).toThrow(AppError))
})

describe('a multipart body', () => {
  it('is read part by part, however its bytes are cut', async () => {
    const body = Buffer.concat([
      part('one', { 'X-File-Path': '/ü 😀.txt' }),
      part(''),
      part('--b--\r\n'),
      end,
    ])
    for (const pieceBytes of [1, 2, 3, 64, 10_000]) {
      const parts = await read(body, 'b', pieceBytes)
      expect(parts.map((one) => one.content)).toEqual(['one', '', '--b--\r\n'])
      expect(parts[0]?.headers['x-file-path']).toBe('/ü 😀.txt')
    }
  })

  it('gives whatever was sent', async () => {
    const contents = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 64 }), async (list, pieceBytes) => {
        const body = Buffer.concat([...list.map((one) => part(Buffer.from(one))), end])
        const parts = await read(body, 'b', pieceBytes)
        expect(parts.map((one) => one.content)).toEqual(
          list.map((one) => Buffer.from(one).toString('latin1')),
        )
      }),
      { numRuns: 100 },
    )
  })

  it('passes over a part that nobody took', async () => {
    const body = Buffer.concat([part('x'.repeat(1000)), part('two'), end])
    const names: number[] = []
    for await (const { body: content } of readMultipart(inPieces(body, 100), 'b'))
      names.push(content.sizeBytes)
    expect(names).toEqual([1000, 3])
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no delimiter', Buffer.from('hello\r\n')],
    ['another boundary', part('x', {}, 'c')],
    ['a part without a length', part('x', { 'Content-Length': '' })],
    ['a negative length', part('x', { 'Content-Length': '-1' })],
    ['a length beyond the end', part('x', { 'Content-Length': '100' })],
    ['a shorter length', Buffer.concat([part('xyz', { 'Content-Length': '1' }), end])],
    ['no end', part('x')],
    ['a header without a colon', Buffer.from('--b\r\nhello\r\n\r\n')],
    [
      'a header that is not UTF-8',
      Buffer.concat([Buffer.from('--b\r\nx: '), Buffer.from([0xff, 0x0a, 0x0a])]),
    ],
    ['an endless line', Buffer.concat([Buffer.from('--b\r\nx: '), Buffer.alloc(100_000, 'a')])],
    ['too many headers', Buffer.from(`--b\r\n${'x: y\r\n'.repeat(40)}\r\n`)],
    ['too many parts', Buffer.concat([...Array.from({ length: 1_001 }, () => part('')), end])],
  ])('with %s is refused', async (_what, body) => {
    await expect(read(body, 'b', 512)).rejects.toThrow(AppError)
  })

  it('of any bytes ends, in parts or in a refusal', async () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom('--b', '\r\n', '\n', '--b--', 'Content-Length: 3', ': ', '\r')
        .map((text) => Buffer.from(text)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { maxLength: 40 }), async (pieces) => {
        const outcome = await read(Buffer.concat(pieces), 'b').catch((error: unknown) => error)
        expect(Array.isArray(outcome) || outcome instanceof AppError).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
