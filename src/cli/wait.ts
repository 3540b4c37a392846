import type { Transfer } from '../client/operations.ts'
import type { Api } from './api.ts'
import type { CommandCall } from './context.ts'
import { followJob } from './follow.ts'
import { describeEnd, describeStep, exitCodeOf, progressOf } from './job-report.ts'
import { ProgressLine } from './progress.ts'

export interface WaitOptions {
  /** Seconds. */
  timeout?: number
}

/**
 * Waits for the end of a job and says how it ended. On a terminal one live line; with `every` elsewhere
 * each change is a line (JSON with `--json`). Answers the exit code.
 */
export async function waitAndReport(
  call: CommandCall<WaitOptions>,
  api: Api,
  jobId: string,
  every = false,
): Promise<number> {
  const { output, options, context } = call
  const line = new ProgressLine(output.stderr)
  const onUpdate = (job: Transfer) => {
    if (every && output.json) output.result(job, () => '')
    else if (output.stderr.isTTY) line.show(progressOf(job))
    else if (every) output.stdout.write(`${describeStep(job)}\n`)
  }
  const onSilence = (error: Error) => {
    line.clear()
    output.note(`${error.message} Waiting for it to come back.`)
  }
  try {
    const timeoutMs = options.timeout === undefined ? undefined : options.timeout * 1000
    const job = await followJob(api, jobId, { onUpdate, onSilence, timeoutMs, signal: context.signal })
    line.clear()
    if (!(every && output.json)) output.result(job, () => describeEnd(job))
    return exitCodeOf(job)
  } finally {
    line.clear()
  }
}
