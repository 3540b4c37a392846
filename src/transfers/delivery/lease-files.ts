import { constants } from 'node:fs'
import { copyFile, open, rename, rm, truncate } from 'node:fs/promises'
import { hasErrorCode } from '../../platform/errors.ts'

/**
 * The part file of a request while a worker has it. It bears the id of the lease in its name, and is never
 * given back to others as it is when the worker may still be writing: then they get a copy. So a worker
 * that comes back after its lease was lost writes to a file that is nobody's.
 */
export function leasePathOf(stagedPath: string, leaseId: string): string {
  return `${stagedPath}.${leaseId}`
}

/** Lends the first bytes of the part file, or a new empty one; by it the worker sees that it has the right folder. */
export async function lend(stagedPath: string, leaseId: string, keepBytes: number): Promise<void> {
  const path = leasePathOf(stagedPath, leaseId)
  try {
    await rename(stagedPath, path)
    await truncate(path, keepBytes)
  } catch (error) {
    if (!hasErrorCode(error, 'ENOENT')) throw error
    await (await open(path, 'wx', 0o600)).close()
  }
}

/** The worker said that it has closed the file, or never had it: it is the request's again. */
export async function takeBack(stagedPath: string, leaseId: string): Promise<void> {
  await rename(leasePathOf(stagedPath, leaseId), stagedPath).catch(ignoreMissing)
}

/** The worker may still write: what stands is copied (shared, where the file system can), the old file is nobody's. */
export async function copyBack(stagedPath: string, leaseId: string): Promise<void> {
  const path = leasePathOf(stagedPath, leaseId)
  const copy = `${path}.copy`
  try {
    await copyFile(path, copy, constants.COPYFILE_FICLONE)
    await rename(copy, stagedPath)
  } catch (error) {
    await rm(copy, { force: true })
    ignoreMissing(error)
  }
  await rm(path, { force: true })
}

/** By opening it: a network file system may know an old size of what another host wrote until then. */
export async function sizeOnDisk(path: string): Promise<number> {
  try {
    const file = await open(path, 'r')
    const { size } = await file.stat().finally(() => file.close())
    return size
  } catch (error) {
    ignoreMissing(error)
    return 0
  }
}

/** Nothing of it is wanted. */
export async function discardLent(stagedPath: string, leaseId: string): Promise<void> {
  await rm(leasePathOf(stagedPath, leaseId), { force: true })
}

function ignoreMissing(error: unknown): void {
  if (!hasErrorCode(error, 'ENOENT')) throw error
}
