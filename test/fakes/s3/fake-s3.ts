import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface StoredObject {
  content: Buffer
  modified: string
  metadata: Record<string, string>
}

export interface SeenS3Request {
  method: string
  /** The path alone; queries of signed addresses are secrets. */
  path: string
  host: string
  isSigned: boolean
}

/**
 * One bucket of an S3 server on loopback, by path: PUT, GET with ranges, HEAD, DELETE and ListObjects.
 * Signatures have to be there and are not computed.
 */
export class FakeS3 {
  readonly requests: SeenS3Request[] = []
  readonly objects = new Map<string, StoredObject>()
  /** Where every request is led to, instead of an answer. */
  redirectTo: string | undefined
  private readonly bucket: string
  private readonly server: Server

  private constructor(bucket: string) {
    this.bucket = bucket
    this.server = createServer((request, response) => void this.answer(request, response))
  }

  static async start(bucket: string): Promise<FakeS3> {
    const s3 = new FakeS3(bucket)
    s3.server.listen(0, '127.0.0.1')
    await once(s3.server, 'listening')
    return s3
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
    const { method = '', headers } = request
    const url = new URL(request.url ?? '', 'http://s3')
    const path = decodeURIComponent(url.pathname)
    const isSigned = headers.authorization !== undefined || url.searchParams.has('X-Amz-Signature')
    this.requests.push({ method, path, host: headers.host ?? '', isSigned })
    if (this.redirectTo !== undefined)
      return void response.writeHead(307, { Location: `${this.redirectTo}${url.pathname}` }).end()
    if (!isSigned) return refuse(response, 403, 'AccessDenied')
    const [, bucket = '', ...names] = path.split('/')
    if (bucket !== this.bucket) return refuse(response, 404, 'NoSuchBucket')
    const key = names.join('/')
    if (key === '') return void response.writeHead(200).end(this.list(url.searchParams))
    if (method === 'PUT') return this.put(key, { body, headers: request.headers, response })
    this.serve(key, request, response)
  }

  private put(
    key: string,
    {
      body,
      headers,
      response,
    }: { body: Buffer; headers: IncomingMessage['headers']; response: ServerResponse },
  ): void {
    const metadata = Object.fromEntries(
      Object.entries(headers).filter((header): header is [string, string] =>
        header[0].startsWith('x-amz-meta-'),
      ),
    )
    this.objects.set(key, { content: body, modified: new Date().toUTCString(), metadata })
    response.writeHead(200, { ETag: etagOf(body) }).end()
  }

  private serve(key: string, { method, headers }: IncomingMessage, response: ServerResponse): void {
    const object = this.objects.get(key)
    if (method === 'DELETE') {
      this.objects.delete(key)
      response.writeHead(204).end()
      return
    }
    if (object === undefined) {
      refuse(response, 404, 'NoSuchKey')
      return
    }
    const { content, modified, metadata } = object
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? []
    const part =
      from === undefined ? content : content.subarray(Number(from), to ? Number(to) + 1 : undefined)
    const range =
      from === undefined
        ? {}
        : { 'Content-Range': `bytes ${from}-${Number(from) + part.length - 1}/${content.length}` }
    response.writeHead(from === undefined ? 200 : 206, {
      ...{ ETag: etagOf(content), 'Last-Modified': modified, 'Content-Length': part.length },
      ...metadata,
      ...range,
    })
    response.end(method === 'HEAD' ? undefined : part)
  }

  private list(query: URLSearchParams): string {
    const prefix = query.get('prefix') ?? ''
    const delimiter = query.get('delimiter') ?? ''
    const folders = new Set<string>()
    const contents: string[] = []
    for (const [key, { content }] of [...this.objects].sort()) {
      if (!key.startsWith(prefix)) continue
      const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
      if (end >= 0) folders.add(key.slice(0, end + 1))
      else
        contents.push(
          `<Contents><Key>${coded(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${etagOf(content)}</ETag><Size>${content.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
        )
    }
    const common = [...folders].map(
      (one) => `<CommonPrefixes><Prefix>${coded(one)}</Prefix></CommonPrefixes>`,
    )
    return `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${this.bucket}</Name><Prefix>${coded(prefix)}</Prefix><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${contents.join('')}${common.join('')}</ListBucketResult>`
  }
}

function coded(key: string): string {
  return key.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'Content-Type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`)
}
