import { connect, type Socket } from 'node:net'

export interface Exchange {
  method: string
  url: string
  headers: Record<string, string>
  body?: string
  /** Instead of `body`: that many bytes, sent from one buffer again and again. */
  sendBytes?: number
  /** Whether the answer's body is wanted; else its bytes are only counted. */
  keep?: boolean
}

export interface Outcome {
  status: number
  /** Bytes of the answer after its head, as they went over the wire. */
  bodyBytes: number
  /** The head of the answer, and with `keep` all of it. */
  text: string
  seconds: number
}

const CHUNK = Buffer.alloc(1024 * 1024)
for (let i = 0; i < CHUNK.length; i += 4) CHUNK.writeUInt32LE((i * 2654435761) >>> 0, i)

/**
 * One request on a connection of its own, timed from the connect to the last byte. Written on bare
 * sockets with one reused buffer, so that on a small machine the client takes as little as it can from
 * the server it measures.
 */
export function exchange(request: Exchange): Promise<Outcome> {
  const { hostname, port, pathname } = new URL(request.url)
  const answer = new Answer(request.keep === true)
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(1024 * 1024),
        callback: (size, buffer) => answer.take(buffer, size),
      },
    })
    socket.on('connect', () => send(socket, request, pathname))
    // A server that refuses an upload may cut it; its answer says more than the broken connection.
    socket.on('error', (error) => answer.status === 0 && reject(error))
    socket.on('end', () => socket.end())
    socket.on('close', () => resolve({ ...answer.outcome(), seconds: (performance.now() - started) / 1000 }))
  })
}

/** As `exchange`; throws unless the status is one of those expected. */
export async function expectStatus(request: Exchange, ...expected: number[]): Promise<Outcome> {
  const outcome = await exchange(request)
  if (expected.includes(outcome.status)) return outcome
  throw new Error(
    `${request.method} ${request.url} was answered ${outcome.status}: ${outcome.text.slice(0, 500)}`,
  )
}

function send(socket: Socket, request: Exchange, path: string): void {
  const { method, url, headers, body = '', sendBytes } = request
  const length = sendBytes ?? Buffer.byteLength(body)
  const lines = Object.entries({
    Host: new URL(url).host,
    Connection: 'close',
    ...headers,
    'Content-Length': length,
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`)
  if (sendBytes !== undefined) pour(socket, sendBytes)
}

function pour(socket: Socket, bytes: number): void {
  let left = bytes
  const more = () => {
    let isOpen = !socket.destroyed
    while (left > 0 && isOpen) {
      const chunk = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
      left -= chunk.length
      isOpen = socket.write(chunk)
    }
  }
  socket.on('drain', more)
  more()
}

class Answer {
  status = 0
  private head = ''
  private bytes = 0
  private readonly kept: Buffer[] = []
  private readonly keep: boolean

  constructor(keep: boolean) {
    this.keep = keep
  }

  take(buffer: Uint8Array, size: number): boolean {
    const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, size)
    if (this.status === 0) return this.takeHead(chunk)
    this.bytes += size
    if (this.keep) this.kept.push(Buffer.from(chunk))
    return true
  }

  private takeHead(chunk: Buffer): boolean {
    const seen = this.head + chunk.toString('latin1')
    const end = seen.indexOf('\r\n\r\n')
    const isInterim = end >= 0 && seen.startsWith('HTTP/1.1 1')
    this.head = isInterim ? seen.slice(end + 4) : seen
    if (end < 0 || isInterim) return true
    this.status = Number(seen.slice(9, 12))
    this.bytes = seen.length - end - 4
    return true
  }

  outcome(): Omit<Outcome, 'seconds'> {
    const rest = this.keep ? Buffer.concat(this.kept).toString('latin1') : ''
    return { status: this.status, bodyBytes: this.bytes, text: this.head + rest }
  }
}
