import { closeSync, fstatSync, fsync, futimesSync, openSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { parentPort } from 'node:worker_threads'
import { answerLine } from '../../platform/thread-line.ts'
import type { DiskFacts } from '../catalogue/file-index.ts'
import { toFacts } from './disk-facts.ts'

/** One new file: which bytes of the batch it has, and what is to be done before it counts as written. */
export interface NewFile {
  localPath: string
  start: number
  length: number
  mtimeMs: number | undefined
  isFlushed: boolean
}

export interface WriteBatch {
  files: readonly NewFile[]
  memory: ArrayBuffer
}

/** For each file of the batch: its facts, or why it could not be written. */
export type Written = { facts: DiskFacts | undefined } | { error: { message: string; code: string } }

const flush = promisify(fsync)

/** The program of the thread. All are written before the first is flushed, so that the disk is asked for all at once. */
export function writeBatch({ files, memory }: WriteBatch): Promise<Written[]> {
  return Promise.all(files.map((file) => writeFile(file, new Uint8Array(memory, file.start, file.length))))
}

async function writeFile({ localPath, mtimeMs, isFlushed }: NewFile, bytes: Uint8Array): Promise<Written> {
  try {
    const fd = openSync(localPath, 'wx')
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
      if (mtimeMs !== undefined) futimesSync(fd, mtimeMs / 1000, mtimeMs / 1000)
      if (isFlushed) await flush(fd)
      return { facts: toFacts(fstatSync(fd, { bigint: true })) }
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    const { message, code = '' } = error as NodeJS.ErrnoException
    return { error: { message, code } }
  }
}

if (parentPort !== null) answerLine(parentPort, writeBatch)
