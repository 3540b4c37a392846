import { z } from 'zod'
import { uuid5 } from '../../platform/ids.ts'
import type { Outbound } from '../../platform/outbound.ts'
import { HttpStatusError, TransferError } from '../transfer-error.ts'
import { clean, statusFault } from './third-party-faults.ts'

const MAX_BYTES = 1024 * 1024
/** Of which FTS makes the ids of jobs that are named by who submits them (fts-rest: `BASE_ID`). */
const BASE_ID = '01874efb-4735-4595-bc9c-591aef8240c9'

const whoamiSchema = z.object({ vos: z.array(z.string()).min(1), base_id: z.string().optional() })
const submittedSchema = z.object({ job_id: z.string().min(1).max(100) })
const fileSchema = z.object({
  file_state: z.string(),
  reason: z.string().nullish(),
  transferred: z.number().nullish(),
})
const jobSchema = z.object({
  job_state: z.string(),
  reason: z.string().nullish(),
  files: z.array(fileSchema).default([]),
})

/** A job of one file, as FTS tells it. */
export interface FtsJob {
  /** That of the file, or of the job where it tells no file. */
  state: string
  reason: string
  /** Bytes that came over, where it tells them. */
  bytes: number | undefined
}

export interface FtsServer {
  url: string
  token?: string | undefined
}

/** The REST interface of an FTS3 server, as far as jobs of one file need it. Throws faults and `OutboundError`. */
export class FtsClient {
  private readonly outbound: Outbound
  private readonly server: FtsServer
  private vo: Promise<{ name: string; base: string }> | undefined

  constructor(outbound: Outbound, server: FtsServer) {
    this.outbound = outbound
    this.server = server
  }

  get host(): string {
    return new URL(this.server.url).host
  }

  /** The id that a job of this name has, whether it was submitted or not. */
  async jobIdOf(sid: string, signal: AbortSignal): Promise<string> {
    this.vo ??= this.whoami(signal)
    try {
      const { name, base } = await this.vo
      return uuid5(uuid5(base, name), sid)
    } catch (error) {
      this.vo = undefined
      throw error
    }
  }

  /** The id of the new job; undefined when there is one of that name, or one with the same destination (409). */
  async submit(job: object, signal: AbortSignal): Promise<string | undefined> {
    const { status, text } = await this.ask('POST', '/jobs', signal, JSON.stringify(job))
    if (status === 409) return undefined
    if (status === 400) throw this.refused(text)
    return this.read(submittedSchema, 'POST', status, text).job_id
  }

  /** Undefined: there is no such job, or no longer. */
  async find(jobId: string, signal: AbortSignal): Promise<FtsJob | undefined> {
    const path = `/jobs/${encodeURIComponent(jobId)}?files=file_state,reason,transferred`
    const { status, text } = await this.ask('GET', path, signal)
    if (status === 404) return undefined
    const job = this.read(jobSchema, 'GET', status, text)
    const [file] = job.files
    const reason = this.said(file?.reason ?? job.reason ?? '')
    return { state: file?.file_state ?? job.job_state, reason, bytes: file?.transferred ?? undefined }
  }

  /** Whatever it says: who cancels looks at the state afterwards. */
  async cancel(jobId: string, signal: AbortSignal): Promise<void> {
    await this.ask('DELETE', `/jobs/${encodeURIComponent(jobId)}`, signal)
  }

  private async whoami(signal: AbortSignal): Promise<{ name: string; base: string }> {
    const { status, text } = await this.ask('GET', '/whoami', signal)
    const { vos, base_id = BASE_ID } = this.read(whoamiSchema, 'GET', status, text)
    return { name: vos[0] as string, base: base_id }
  }

  private ask(method: string, path: string, signal: AbortSignal, body?: string) {
    const { url, token } = this.server
    const headers = {
      Accept: 'application/json',
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    }
    const request = { method, url: url.replace(/\/+$/, '') + path, headers, signal }
    return this.outbound.requestText(body === undefined ? request : { ...request, body }, MAX_BYTES)
  }

  private read<T>(schema: z.ZodType<T>, method: string, status: number, text: string): T {
    if (status < 200 || status > 299) {
      throw statusFault(new HttpStatusError(this.host, method, status), 'ERROR_TRANSFER', this.said(text))
    }
    const result = schema.safeParse(parse(text))
    if (result.success) return result.data
    throw this.fault('FTS_ANSWER', `The FTS server ${this.host} answers something that is no job.`, true)
  }

  private refused(text: string): TransferError {
    return this.fault('FTS_REFUSED', `The FTS server ${this.host} refuses the job: ${this.said(text)}`, false)
  }

  private fault(code: string, message: string, temporary: boolean): TransferError {
    const type = temporary ? 'TEMPORARY_REMOTE_ERROR' : 'PERMANENT_REMOTE_ERROR'
    return new TransferError({ code, type, location: 'ERROR_TRANSFER', message, temporary })
  }

  /** Errors come as JSON with a `message`, in between as plain text. */
  private said(text: string): string {
    const parsed = z.object({ message: z.string() }).safeParse(parse(text))
    const { token } = this.server
    return clean(parsed.success ? parsed.data.message : text, token === undefined ? [] : [token])
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
