import type { CopiedFile, CopyItem } from './copy.ts'
import { exitCodes, toFailure } from './exit.ts'
import { formatBytes } from './format.ts'
import type { Output } from './output.ts'
import { ProgressLine } from './progress.ts'

/** Counts what one `cp` did and tells it: results, failures, the live line and the last word. */
export class CopyTally {
  private readonly output: Output
  private readonly line: ProgressLine
  private done = 0
  private failed = 0
  private unverified = 0
  private skipped = 0
  private bytesDone = 0
  private bytesTotal = 0
  private filesTotal = 0

  constructor(output: Output, indicate: boolean) {
    this.output = output
    this.line = new ProgressLine(output.stderr, indicate && !output.json)
  }

  expect(items: readonly CopyItem[]): void {
    this.filesTotal += items.length
    this.bytesTotal += items.reduce((sum, item) => sum + item.entry.sizeBytes, 0)
  }

  progress(sizeBytes: number, label: string): void {
    this.bytesDone += sizeBytes
    const { bytesDone, bytesTotal, done, filesTotal } = this
    this.line.show({
      ...(filesTotal === 1 ? { label } : {}),
      bytesDone,
      bytesTotal: bytesTotal >= bytesDone ? bytesTotal : undefined,
      filesDone: done,
      filesTotal,
    })
  }

  count(): void {
    this.done += 1
  }

  succeed(copied: CopiedFile): void {
    this.done += 1
    if (copied.skipped) this.skipped += 1
    else if (!copied.verified && copied.checksums !== undefined) this.unverified += 1
    if (this.output.json) this.output.result(copied, () => '')
  }

  /** What `--dry-run` says of one file: copy, replace, fail or skip. */
  foretell(item: CopyItem, action: string): void {
    this.done += 1
    const source = item.source.tree.nameOf(item.source.path)
    const target = item.target.tree.nameOf(item.target.path)
    const { sizeBytes } = item.entry
    this.output.result({ action, source, target, sizeBytes }, () => `${action}  ${source}  →  ${target}`)
  }

  /** A failure is told; allowed ones (`;failureallowed=yes`) do not change how the command ends. */
  fail(error: unknown, isAllowed: boolean): void {
    const { failure, exitCode } = toFailure(error)
    if (exitCode === exitCodes.interrupted) throw error
    this.line.clear()
    this.output.fail(failure)
    if (!isAllowed) this.failed += 1
  }

  note(text: string): void {
    this.line.clear()
    this.output.note(text)
  }

  close(): void {
    this.line.clear()
  }

  conclude(): number {
    const { output } = this
    if (output.stderr.isTTY && this.done > 0 && this.bytesDone > 0) {
      const remark =
        this.unverified === 0 ? 'checksums equal' : `${this.unverified} without a checksum to compare`
      const left = this.skipped === 0 ? '' : `, ${this.skipped} were there already`
      const files = `${this.done} ${this.done === 1 ? 'file' : 'files'}`
      output.note(`${files}, ${formatBytes(this.bytesDone)}, ${remark}${left}`)
    }
    if (this.failed === 0) return exitCodes.ok
    return this.done === 0 ? exitCodes.failed : exitCodes.doneWithErrors
  }
}
