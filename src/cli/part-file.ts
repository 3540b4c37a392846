import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { hasErrorCode } from '../platform/errors.ts'
import type { Hasher } from './checksums.ts'
import { toLocalError } from './local-tree.ts'

let count = 0

/**
 * What has come of a download, beside its target: `.causeway-KEY-PID-N.part` while a process writes it,
 * `.causeway-KEY.part` when it was broken off. KEY names target, source and version, so that only bytes
 * of the same file are ever taken up again.
 */
export class PartFile {
  readonly path: string
  private readonly keptPath: string
  readonly handle: FileHandle
  /** How many bytes from the beginning are there. */
  sizeBytes: number

  private constructor(parts: { path: string; keptPath: string; handle: FileHandle; sizeBytes: number }) {
    this.path = parts.path
    this.keptPath = parts.keptPath
    this.handle = parts.handle
    this.sizeBytes = parts.sizeBytes
  }

  /** Takes what an earlier attempt left, or begins anew. Renaming it first makes it ours alone. */
  static async claim(target: string, version: readonly unknown[], isResumed: boolean): Promise<PartFile> {
    const key = keyOf([hostname(), basename(target), ...version])
    const folder = dirname(target)
    const keptPath = join(folder, `.causeway-${key}.part`)
    count += 1
    const path = join(folder, `.causeway-${key}-${process.pid}-${count}.part`)
    try {
      if (isResumed) await takeOver(folder, key, path)
      const handle = await open(path, isResumed && (await exists(path)) ? 'r+' : 'wx+')
      const { size } = await handle.stat()
      return new PartFile({ path, keptPath, handle, sizeBytes: size })
    } catch (error) {
      throw toLocalError(target, error)
    }
  }

  async restart(): Promise<void> {
    await this.handle.truncate(0)
    this.sizeBytes = 0
  }

  /** Runs the bytes that are there through a hasher. */
  async hash(hasher: Hasher, signal: AbortSignal): Promise<void> {
    if (this.sizeBytes === 0) return
    const end = this.sizeBytes - 1
    for await (const piece of createReadStream(this.path, { end, highWaterMark: 1024 * 1024, signal }))
      hasher.update(piece as Buffer)
  }

  /** Leaves the beginning that is right for the next attempt; false when there is none. */
  async keep(): Promise<boolean> {
    if (this.sizeBytes === 0) {
      await this.drop()
      return false
    }
    await this.handle.truncate(this.sizeBytes)
    await this.handle.close()
    await rename(this.path, this.keptPath)
    return true
  }

  async drop(): Promise<void> {
    await this.handle.close().catch(() => undefined)
    await rm(this.path, { force: true })
  }
}

export function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24)
}

/** What was kept on purpose, else what a process left that is no more. */
async function takeOver(folder: string, key: string, path: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`.causeway-${key}`))
  for (const name of names.sort()) {
    const [, pid] = /-(\d+)-\d+\.part$/.exec(name) ?? []
    if (pid !== undefined && isAlive(Number(pid))) continue
    try {
      await rename(join(folder, name), path)
      return
    } catch (error) {
      if (!hasErrorCode(error, 'ENOENT')) throw error
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return hasErrorCode(error, 'EPERM')
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
