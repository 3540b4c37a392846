import { setTimeout as delay } from 'node:timers/promises'
import type { Person } from './person.ts'
import { progress } from './words.ts'

/** What the demonstration reads of a transfer job. */
export interface Job {
  id: string
  state: string
  files: { total: number; done: number; failed: number; skipped: number }
  bytes: { total: number; done: number }
  bytesPerSecond: number
  secondsLeft?: number
  error?: { message: string }
}

export interface JobFile {
  path: string
  verified?: string
  attempts: number
}

const FINAL = new Set(['FINISHED', 'FINISHEDDIRTY', 'FAILED', 'CANCELED'])

/** Shows the job as it goes, from the node's event stream, and resolves with its last state. */
export async function watchJob(person: Person, id: string): Promise<Job> {
  const ended = new AbortController()
  const live = showEvents(person, id, ended.signal).catch(() => undefined)
  let job = await person.api<Job>('GET', `/transfers/${id}`)
  while (!FINAL.has(job.state)) {
    await delay(250)
    job = await person.api<Job>('GET', `/transfers/${id}`)
    progress(job)
  }
  ended.abort()
  await live
  progress(job)
  return job
}

async function showEvents(person: Person, id: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(`${person.site.origin}/api/v1/events`, {
    headers: { authorization: person.authorization },
    signal,
  })
  let text = ''
  for await (const chunk of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const events = (text + chunk).split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) showEvent(event, id)
  }
}

function showEvent(event: string, id: string): void {
  const data = /^event: transfer\ndata: (.*)$/m.exec(event)?.[1]
  const job = data === undefined ? undefined : (JSON.parse(data) as Job)
  if (job?.id === id) progress(job)
}

/** Every file of a job, page by page. */
export async function filesOf(person: Person, id: string): Promise<JobFile[]> {
  const files: JobFile[] = []
  let cursor = ''
  do {
    const page = await person.api<{ items: JobFile[]; nextCursor?: string }>(
      'GET',
      `/transfers/${id}/files?limit=200${cursor}`,
    )
    files.push(...page.items)
    cursor = page.nextCursor === undefined ? '' : `&cursor=${encodeURIComponent(page.nextCursor)}`
  } while (cursor !== '')
  return files
}
