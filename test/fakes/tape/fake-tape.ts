import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Locality = 'DISK' | 'TAPE' | 'DISK_AND_TAPE' | 'LOST' | 'NONE' | 'UNAVAILABLE'
type State = 'SUBMITTED' | 'STARTED' | 'CANCELLED' | 'FAILED' | 'COMPLETED'

interface FileInRequest {
  path: string
  state: State
  error?: string
  startedAt?: number
  finishedAt?: number
}

interface StageRequest {
  id: string
  createdAt: number
  files: FileInRequest[]
}

export interface SeenCall {
  method: string
  path: string
  body: unknown
  authorization: string | undefined
}

/** What the next call is answered with, instead of a right answer. */
export interface OddAnswer {
  status: number
  headers?: Record<string, string>
  body?: unknown
}

/**
 * A site with tapes: the WLCG Tape REST API v1 on loopback, with and without a slash at the end of its
 * addresses. Nothing moves by itself: the test says when a file begins, arrives or fails.
 */
export class FakeTape {
  readonly calls: SeenCall[] = []
  /** Released paths, by request. */
  readonly released = new Map<string, string[]>()
  /** Tell `onDisk` instead of `state`; a server tells one of them. */
  tellsOnDisk = false
  /** How many paths `archiveinfo` answers at once. */
  maxArchivePaths = Number.POSITIVE_INFINITY
  /** Where the API is said to be, when that is elsewhere. */
  announcedUri: string | undefined
  private readonly files = new Map<string, Locality>()
  private readonly requests = new Map<string, StageRequest>()
  private readonly odd: OddAnswer[] = []
  private readonly server: Server
  private seconds = 1_800_000_000

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response))
  }

  static async start(): Promise<FakeTape> {
    const tape = new FakeTape()
    tape.server.listen(0, '127.0.0.1')
    await once(tape.server, 'listening')
    return tape
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  get baseUrl(): string {
    return `${this.origin}/api/v1`
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  put(path: string, locality: Locality): void {
    this.files.set(path, locality)
  }

  /** The tape is in the drive. */
  begin(path: string): void {
    for (const file of this.waiting(path))
      Object.assign(file, { state: 'STARTED', startedAt: this.seconds++ })
  }

  /** The bytes are on disk. */
  arrive(path: string): void {
    this.files.set(path, 'DISK_AND_TAPE')
    for (const file of this.waiting(path))
      Object.assign(file, { state: 'COMPLETED', finishedAt: this.seconds++ })
  }

  fail(path: string, error: string): void {
    for (const file of this.waiting(path))
      Object.assign(file, { state: 'FAILED', error, finishedAt: this.seconds++ })
  }

  /** The next calls are answered like this, one after the other. */
  answerOddly(...answers: OddAnswer[]): void {
    this.odd.push(...answers)
  }

  /** What a restart of the site loses. */
  forgetRequests(): void {
    this.requests.clear()
  }

  private waiting(path: string): FileInRequest[] {
    const all = [...this.requests.values()].flatMap((request) => request.files)
    return all.filter((file) => file.path === path && /SUBMITTED|STARTED/.test(file.state))
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString()
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    const path = (request.url ?? '').replace(/\/$/, '')
    const { method = '' } = request
    this.calls.push({ method, path, body, authorization: request.headers.authorization })
    const { status, headers, body: said } = this.odd.shift() ?? this.decide(method, path, body)
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(said === undefined ? '' : typeof said === 'string' ? said : JSON.stringify(said))
  }

  private decide(method: string, path: string, body: unknown): OddAnswer {
    if (path === '/.well-known/wlcg-tape-rest-api') return this.announce()
    const [, id = '', action] = /^\/api\/v1\/stage\/([^/]+)(\/cancel)?$/.exec(path) ?? []
    if (method === 'POST' && path === '/api/v1/stage')
      return this.stage(body as { files: { path: string }[] })
    if (method === 'POST' && path === '/api/v1/archiveinfo') return this.locate(body as { paths: string[] })
    const release = /^\/api\/v1\/release\/([^/]+)$/.exec(path)?.[1]
    if (method === 'POST' && release !== undefined) return this.release(release, body as { paths: string[] })
    const found = this.requests.get(id)
    if (found === undefined) return problem(404, 'Not found', `There is no request ${id}.`)
    if (method === 'GET') return { status: 200, body: this.view(found) }
    if (method === 'DELETE') {
      this.requests.delete(id)
      return { status: 200 }
    }
    return action === undefined ? problem(405, 'Not allowed', '') : cancel(found, body as { paths: string[] })
  }

  private announce(): OddAnswer {
    const uri = this.announcedUri ?? this.baseUrl
    const endpoints = [
      { uri: `${this.origin}/api/v0`, version: 'v0', metadata: {} },
      { uri, version: 'v1', metadata: {} },
    ]
    return { status: 200, body: { sitename: 'fake-site', endpoints } }
  }

  private stage({ files }: { files: { path: string }[] }): OddAnswer {
    const id = randomUUID()
    const createdAt = this.seconds++
    this.requests.set(id, { id, createdAt, files: files.map(({ path }) => this.begun(path)) })
    return { status: 201, headers: { Location: `${this.baseUrl}/stage/${id}` }, body: { requestId: id } }
  }

  /** A file on disk is no error; one that is not there is one of that file. */
  private begun(path: string): FileInRequest {
    const locality = this.files.get(path)
    if (locality === undefined) return { path, state: 'FAILED', error: 'No such file or directory' }
    return { path, state: /DISK/.test(locality) ? 'COMPLETED' : 'SUBMITTED' }
  }

  private view({ id, createdAt, files }: StageRequest): unknown {
    const shown = files.map(({ state, ...file }) =>
      this.tellsOnDisk ? { ...file, onDisk: state === 'COMPLETED' } : { ...file, state },
    )
    return { id, createdAt, startedAt: createdAt, files: shown }
  }

  private release(id: string, { paths }: { paths: string[] }): OddAnswer {
    if (!this.requests.has(id)) return problem(404, 'Not found', '')
    this.released.set(id, [...(this.released.get(id) ?? []), ...paths])
    return { status: 200 }
  }

  private locate({ paths }: { paths: string[] }): OddAnswer {
    const answered = paths.slice(0, this.maxArchivePaths).map((path) => {
      const locality = this.files.get(path)
      return locality === undefined ? { path, error: 'No such file or directory' } : { path, locality }
    })
    return { status: 200, body: answered }
  }
}

/** One path that is not in the request: nothing is done at all. */
function cancel(request: StageRequest, { paths }: { paths: string[] }): OddAnswer {
  const files = paths.map((path) => request.files.find((file) => file.path === path))
  if (files.includes(undefined)) return problem(400, 'Bad request', 'A path is not in the request.')
  for (const file of files) if (file !== undefined && file.state !== 'COMPLETED') file.state = 'CANCELLED'
  return { status: 200 }
}

function problem(status: number, title: string, detail: string): OddAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
    body: { status, title, detail, type: 'about:blank' },
  }
}
