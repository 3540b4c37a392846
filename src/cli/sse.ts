/** One event of a stream of server-sent events (WHATWG HTML, 9.2). */
export interface ServerEvent {
  event: string
  data: string
  /** The last id seen so far, for `Last-Event-ID`. */
  id: string | undefined
}

/** More than this in one event is no event of ours. */
const MAX_EVENT_CHARS = 4 * 1024 * 1024

/**
 * Reads events from the bytes of an answer: all three line ends, several `data` lines, comments and
 * unknown fields as the standard says. An event that is not closed by an empty line is dropped.
 */
export async function* parseEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const fields = new EventFields()
  for await (const line of splitLines(chunks)) {
    if (line === '') {
      const event = fields.take()
      if (event !== undefined) yield event
    } else fields.add(line)
  }
}

class EventFields {
  private event = ''
  private data: string[] = []
  private id: string | undefined
  private chars = 0

  add(line: string): void {
    this.chars += line.length
    if (this.chars > MAX_EVENT_CHARS) throw new Error('The stream of events sends an event without end.')
    const colon = line.indexOf(':')
    if (colon === 0) return
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.event = value
    else if (name === 'data') this.data.push(value)
    else if (name === 'id' && !value.includes('\0')) this.id = value
  }

  /** Without a data line there is no event, but an id is kept. */
  take(): ServerEvent | undefined {
    const { event, data, id } = this
    this.event = ''
    this.data = []
    this.chars = 0
    return data.length === 0 ? undefined : { event: event || 'message', data: data.join('\n'), id }
  }
}

async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    if (rest.length > MAX_EVENT_CHARS) throw new Error('The stream of events sends a line without end.')
    // A carriage return at the very end may be the first half of CR LF: it waits for the next chunk.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    yield* lines
  }
}
