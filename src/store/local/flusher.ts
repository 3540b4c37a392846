import type { FileHandle } from 'node:fs/promises'

/** Bytes after which the disk is set to work, so that the flush at the end has little left to wait for. */
const FLUSH_BYTES = 64 * 1024 * 1024

/**
 * Flushes beside the writing, one flush at a time. The system tells a failure once, to whoever asks first:
 * what fails here must not be taken for written because the flush at the end succeeds.
 */
export class Flusher {
  private readonly handle: FileHandle
  private readonly isWanted: boolean
  private waitingBytes = 0
  private running: Promise<void> | undefined
  private failure: Error | undefined

  constructor(handle: FileHandle, isWanted: boolean) {
    this.handle = handle
    this.isWanted = isWanted
  }

  written(bytes: number): void {
    this.waitingBytes += bytes
    if (!this.isWanted || this.waitingBytes < FLUSH_BYTES || this.running !== undefined) return
    this.waitingBytes = 0
    this.running = this.handle.datasync().then(
      () => this.end(),
      (error: Error) => this.end(error),
    )
  }

  /** Resolves when no flush runs; throws when one failed. */
  async idle(): Promise<void> {
    await this.running
    if (this.failure !== undefined) throw this.failure
  }

  private end(failure?: Error): void {
    this.failure ??= failure
    this.running = undefined
  }
}
