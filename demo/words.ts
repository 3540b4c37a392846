import type { Job } from './job.ts'

const live = process.stdout.isTTY === true
let step = 0
let lineOpen = false
let lastShownMs = 0
let lastLine = ''

/** One line of what happened, and one of how to see it oneself. */
export function told(what: string, see?: string): void {
  endLine()
  step += 1
  process.stdout.write(`${step}. ${what}\n`)
  if (see !== undefined) process.stdout.write(`     see: ${see}\n`)
}

export function aside(text: string): void {
  endLine()
  process.stdout.write(`     ${text}\n`)
}

/** The live line of a transfer: bytes, files, rate, time left. On no terminal, one line a second. */
export function progress(job: Job): void {
  const line = `     ${job.state.padEnd(9)} ${size(job.bytes.done)} of ${size(job.bytes.total)}, ${job.files.done + job.files.skipped} of ${job.files.total} files${rate(job)}${timeLeft(job)}`
  if (live) {
    process.stdout.write(`\r\x1b[K${line}`)
    lineOpen = true
    return
  }
  const nowMs = performance.now()
  if (line === lastLine || (nowMs - lastShownMs < 1000 && !isOver(job))) return
  lastLine = line
  lastShownMs = nowMs
  process.stdout.write(`${line}\n`)
}

export function size(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

function isOver(job: Job): boolean {
  return /FINISHED|FAILED|CANCELED/.test(job.state)
}

function rate(job: Job): string {
  return isOver(job) ? '' : `, ${size(job.bytesPerSecond)}/s`
}

function timeLeft(job: Job): string {
  return job.secondsLeft === undefined ? '' : `, ${Math.ceil(job.secondsLeft)} s left`
}

function endLine(): void {
  if (lineOpen) process.stdout.write('\n')
  lineOpen = false
}
