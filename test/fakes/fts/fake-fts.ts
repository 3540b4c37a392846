import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { uuid5 } from '../../../src/platform/ids.ts'

const BASE_ID = '01874efb-4735-4595-bc9c-591aef8240c9'
const VO = 'escience'
const ACTIVE = ['SUBMITTED', 'READY', 'ACTIVE', 'STAGING', 'STARTED', 'ARCHIVING', 'TOKEN_PREP']

export interface FakeFtsFile {
  sources: string[]
  destinations: string[]
  checksum?: string
  filesize?: number
  source_tokens?: string[]
  destination_tokens?: string[]
}

/** A job as it was submitted, and how it stands; a test moves it on. */
export interface FakeFtsJob {
  job_id: string
  job_state: string
  file_state: string
  reason: string | null
  transferred: number
  file: FakeFtsFile
  params: Record<string, unknown>
}

/** The REST interface of FTS3 as fts-rest 3.12 answers it; jobs go nowhere by themselves. */
export class FakeFts {
  readonly jobs = new Map<string, FakeFtsJob>()
  /** `METHOD /path`, oldest first. */
  readonly seen: string[] = []
  token: string | undefined
  /** Answers every request with this status instead. */
  failWith: number | undefined
  /** After a job was taken, the answer is lost. */
  losesAnswers = false
  private readonly server = createServer((request, response) => void this.answer(request, response))

  static async start(): Promise<FakeFts> {
    const fts = new FakeFts()
    fts.server.listen(0, '127.0.0.1')
    await once(fts.server, 'listening')
    return fts
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** The only job, once there is one. */
  async job(): Promise<FakeFtsJob> {
    for (;;) {
      const [job] = [...this.jobs.values()].slice(-1)
      if (job !== undefined) return job
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** Waits until somebody asks for a job again. */
  async polled(): Promise<void> {
    const count = this.seen.length
    while (!this.seen.slice(count).some((one) => one.startsWith('GET /jobs/'))) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  move(job: FakeFtsJob, state: string, more: Partial<FakeFtsJob> = {}): void {
    const jobState = state === 'STARTED' ? 'STAGING' : state
    Object.assign(job, { job_state: jobState, file_state: state, ...more })
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request
    const { pathname } = new URL(url, this.url)
    this.seen.push(`${method} ${pathname}`)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (this.failWith !== undefined) return this.error(response, this.failWith, 'out of order')
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      return this.error(response, 403, 'Forbidden')
    }
    if (pathname === '/whoami') {
      const who = { vos: [VO], vos_id: [uuid5(BASE_ID, VO)], base_id: BASE_ID, user_dn: '/CN=node' }
      return this.json(response, 200, who)
    }
    if (method === 'POST' && pathname === '/jobs') return this.submit(Buffer.concat(chunks), response)
    return this.jobCall(method, pathname, response)
  }

  private jobCall(method: string, pathname: string, response: ServerResponse) {
    const [, id = '', files] = /^\/jobs\/([^/]+)(\/files)?$/.exec(pathname) ?? []
    const job = this.jobs.get(id)
    if (job === undefined) {
      const message = `No job with the id "${id}" has been found`
      return this.json(response, 404, { job_id: id, http_status: '404 Not Found', http_message: message })
    }
    const file = { file_state: job.file_state, reason: job.reason, transferred: job.transferred }
    if (method === 'GET' && files !== undefined) return this.json(response, 200, [file])
    if (method === 'DELETE' && ACTIVE.includes(job.file_state)) {
      this.move(job, 'CANCELED', { reason: 'Job canceled by the user' })
    }
    const { job_id, job_state, reason } = job
    this.json(response, 200, { job_id, job_state, reason, http_status: '200 Ok', files: [file] })
  }

  private submit(body: Buffer, response: ServerResponse) {
    const { files, params } = JSON.parse(body.toString('utf8')) as {
      files: FakeFtsFile[]
      params: Record<string, unknown>
    }
    const file = files[0] as FakeFtsFile
    const isNamed = params.id_generator === 'deterministic'
    const id = isNamed ? uuid5(uuid5(BASE_ID, VO), String(params.sid)) : randomUUID()
    const isSameDestination = [...this.jobs.values()].some(
      (job) => ACTIVE.includes(job.file_state) && job.file.destinations[0] === file.destinations[0],
    )
    if (this.jobs.has(id) || isSameDestination) {
      return this.error(response, 409, 'The submission is duplicated (IntegrityError)')
    }
    const state = { job_state: 'SUBMITTED', file_state: 'SUBMITTED', reason: null, transferred: 0 }
    this.jobs.set(id, { job_id: id, ...state, file, params })
    if (this.losesAnswers) return void response.destroy()
    this.json(response, 200, { job_id: id })
  }

  private error(response: ServerResponse, status: number, message: string): void {
    this.json(response, status, { status: `${status}`, message })
  }

  private json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  }
}
