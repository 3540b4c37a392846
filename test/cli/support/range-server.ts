import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './http-server.ts'

/** One file at a server that knows ranges, and lies about them when told to. */
export class RangeServer {
  content: Buffer
  etag = '"v1"'
  /** Ranges asked for; `undefined` for whole answers. */
  readonly ranges: (string | undefined)[] = []
  busy = 0
  mostBusy = 0
  /** Hangs up after so many bytes of an answer; counts down to none. */
  cutAfter: number[] = []
  /** Answers before the true ones: status and headers. */
  readonly refusals: { status: number; headers: Record<string, string> }[] = []
  lie: 'none' | 'shifted' | 'ignores' | 'longer' | 'listed larger' = 'none'

  constructor(content: Buffer) {
    this.content = content
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    await readBody(request)
    if (request.method === 'PROPFIND') return this.propfind(response)
    if (request.method !== 'GET') return void response.writeHead(405).end()
    const refusal = this.refusals.shift()
    if (refusal !== undefined) return void response.writeHead(refusal.status, refusal.headers).end()
    this.busy += 1
    this.mostBusy = Math.max(this.mostBusy, this.busy)
    response.on('close', () => {
      this.busy -= 1
    })
    this.get(request, response)
  }

  private get(request: IncomingMessage, response: ServerResponse): void {
    const { range, 'if-range': version = this.etag } = request.headers
    this.ranges.push(range)
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
    const isPart = from !== undefined && version === this.etag && this.lie !== 'ignores'
    const start = isPart ? Number(from) : 0
    const end = isPart && to !== '' ? Math.min(Number(to), this.content.length - 1) : this.content.length - 1
    const shift = this.lie === 'shifted' ? 1 : 0
    response.writeHead(isPart ? 206 : 200, {
      ETag: this.etag,
      'Content-Length': end - start + 1 + (this.lie === 'longer' ? 10 : 0),
      ...(isPart ? { 'Content-Range': `bytes ${start + shift}-${end + shift}/${this.content.length}` } : {}),
    })
    const body = this.content.subarray(start, end + 1)
    const cut = this.cutAfter.shift()
    if (cut !== undefined) response.write(body.subarray(0, cut), () => response.destroy())
    else if (this.lie === 'longer') response.write(body, () => response.destroy())
    else response.end(body)
  }

  private propfind(response: ServerResponse): void {
    const size = this.content.length + (this.lie === 'listed larger' ? 5 : 0)
    response.writeHead(207, { 'Content-Type': 'application/xml' })
    response.end(
      `<d:multistatus xmlns:d="DAV:"><d:response><d:href>/f.bin</d:href><d:propstat><d:prop><d:resourcetype/><d:getcontentlength>${size}</d:getcontentlength><d:getetag>${this.etag.replaceAll('"', '&quot;')}</d:getetag></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>`,
    )
  }
}
