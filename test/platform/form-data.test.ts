import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFormData, readValue } from '../../src/platform/form-data.ts'

const TYPE = 'multipart/form-data; boundary="the boundary"'

/** The body of a form, and after it whatever a browser would not send. */
function formOf(parts: { head: string; body: Buffer }[], end = '--\r\n'): Buffer {
  const pieces = parts.flatMap(({ head, body }) => [
    Buffer.from(`--the boundary\r\n${head}\r\n\r\n`),
    body,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...pieces, Buffer.from(`--the boundary${end}`)])
}

async function* inPieces(bytes: Buffer, sizes: number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (let n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function read(bytes: Buffer, sizes = [bytes.length], type: string | undefined = TYPE) {
  const parts: { name: string; fileName: string | undefined; body: Buffer }[] = []
  for await (const { name, fileName, body } of readFormData(type, inPieces(bytes, sizes))) {
    parts.push({ name, fileName, body: Buffer.concat(await Array.fromAsync(body)) })
  }
  return parts
}

const field = (name: string, more = '') => `Content-Disposition: form-data; name="${name}"${more}`

describe('a form with files', () => {
  it('is read the same however it is cut into pieces', async () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 4 })
    const nasty = fc.constantFrom('\r\n--the', '\r\n--the boundar', '\r', '--', '\r\n\r\n')
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(bodies, nasty, sizes, async (contents, end, cuts) => {
        const parts = contents.map((content, n) => ({
          head: field(`f${n}`, `; filename="${n}.bin"`),
          body: Buffer.concat([content, Buffer.from(end)]),
        }))
        const found = await read(formOf(parts), cuts)
        expect(found.map((part) => part.body.toString('hex'))).toEqual(
          parts.map((part) => part.body.toString('hex')),
        )
        expect(found.map((part) => part.fileName)).toEqual(parts.map((_, n) => `${n}.bin`))
      }),
      { numRuns: 200 },
    )
  })

  it('tells values from files, and undoes what browsers escape in names', async () => {
    const form = formOf([
      { head: field('note'), body: Buffer.from('héllo') },
      { head: field('files', '; filename="a%22b%0D%0Ac.txt"'), body: Buffer.alloc(0) },
    ])
    expect(await read(form)).toMatchObject([
      { name: 'note', fileName: undefined, body: Buffer.from('héllo') },
      { name: 'files', fileName: 'a"b c.txt' },
    ])
    for await (const part of readFormData(TYPE, inPieces(form, [7]))) {
      expect(await readValue(part)).toBe(part.name === 'note' ? 'héllo' : '')
    }
  })

  it('passes over what nobody takes', async () => {
    const form = formOf([
      { head: field('large', '; filename="x"'), body: Buffer.alloc(500_000) },
      { head: field('last'), body: Buffer.from('here') },
    ])
    const names: string[] = []
    for await (const part of readFormData(TYPE, inPieces(form, [64 * 1024]))) names.push(part.name)
    expect(names).toEqual(['large', 'last'])
    const left: string[] = []
    for await (const { name, body } of readFormData(TYPE, inPieces(form, [64 * 1024]))) {
      for await (const piece of body) {
        left.push(`${name} ${piece.length > 0}`)
        break
      }
    }
    expect(left).toEqual(['large true', 'last true'])
  })

  it('is refused when it is not whole, or is no form', async () => {
    const good = formOf([{ head: field('a'), body: Buffer.from('b') }])
    const bad: [Buffer, string?][] = [
      [good.subarray(0, 20)],
      [good.subarray(0, good.length - 5)],
      [Buffer.alloc(0)],
      [formOf([{ head: 'Content-Type: text/plain', body: Buffer.alloc(0) }])],
      [formOf([{ head: field('a'), body: Buffer.alloc(0) }], 'x'.repeat(20_000))],
      [good, 'multipart/related; boundary=x'],
      [good, 'multipart/form-data'],
      [good, `multipart/form-data; boundary=${'x'.repeat(71)}`],
    ]
    for (const [bytes, type = TYPE] of bad) {
      await expect(read(bytes, [100], type)).rejects.toMatchObject({ status: 400 })
    }
    const long = formOf([{ head: field('a'), body: Buffer.alloc(20_000) }])
    for await (const part of readFormData(TYPE, inPieces(long, [1_000]))) {
      await expect(readValue(part)).rejects.toMatchObject({ status: 400 })
    }
  })
})
