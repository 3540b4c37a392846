import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEvents, type ServerEvent } from '../../src/cli/sse.ts'

async function read(...chunks: (string | Uint8Array)[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = []
  const bytes = async function* () {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  }
  for await (const event of parseEvents(bytes())) events.push(event)
  return events
}

describe('server-sent events', () => {
  it('have a name, data of several lines and an id that lasts', async () => {
    expect(await read('id: 7\nevent: transfer\ndata: {"a":\ndata:1}\n\ndata: x\n\n')).toEqual([
      { event: 'transfer', data: '{"a":\n1}', id: '7' },
      { event: 'message', data: 'x', id: '7' },
    ])
  })

  it('leave out comments, unknown fields, events without data and an unfinished end', async () => {
    expect(await read(': heartbeat\n\nevent: a\n\nretry: 5\nfoo: bar\ndata\n\ndata: never ended')).toEqual([
      { event: 'message', data: '', id: undefined },
    ])
  })

  it('begin after a byte order mark', async () => {
    expect(await read('\ufeffdata: x\n\n')).toEqual([{ event: 'message', data: 'x', id: undefined }])
  })

  it('are the same however the bytes are cut and whichever line ends are used', async () => {
    const text = 'event: share\ndata: grüße ☂\n\n: hi\nid: 2\ndata: b\n\n'
    const expected = await read(text)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(60)), async (lineEnd, cuts) => {
        const bytes = Buffer.from(text.replaceAll('\n', lineEnd))
        const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
        // A lone CR at the very end cannot be told from half a CR LF, so one more line follows.
        const events = await read(...chunks, ':\n')
        expect(events).toEqual(expected)
      }),
    )
  })

  it('end with an error when one event has no end', async () => {
    const line = `data: ${'x'.repeat(1024 * 1024)}\n`
    await expect(read(line, line, line, line, line)).rejects.toThrow('without end')
  })
})
