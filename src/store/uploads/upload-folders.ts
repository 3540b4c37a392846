import { mkdir, rename, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasErrorCode } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'

/** True for what lies beside the uploads and is none: what is being made, or is leaving. */
export function isHidden(name: string): boolean {
  return name.startsWith('.')
}

/**
 * Makes a folder with what `fill` puts into it, and gives it its name by `show` when it is complete: there is
 * never one by this name that was only begun. When something fails nothing stays.
 */
export async function makeFolder(
  folder: string,
  fill: (making: string) => Promise<void>,
  show: (making: string) => Promise<void>,
): Promise<void> {
  const making = hiddenBeside(folder)
  await mkdir(dirname(folder), { recursive: true, mode: 0o750 })
  try {
    await mkdir(making, { mode: 0o750 })
    await fill(making)
    await show(making)
  } catch (error) {
    await rm(making, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

/** Moves a folder to a name; false when something has it. An empty folder gives way. */
export async function moveToFree(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (hasErrorCode(error, 'ENOTEMPTY') || hasErrorCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Out of sight at once, then off the disk; false when there is none. */
export async function removeFolder(folder: string): Promise<boolean> {
  const leaving = hiddenBeside(folder)
  try {
    await rename(folder, leaving)
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false
    throw error
  }
  await rm(leaving, { recursive: true, force: true })
  return true
}

/** It expires a day from then; writing to a file in it does not change the time of the folder. */
export async function touchFolder(folder: string, timeMs: number): Promise<void> {
  await utimes(folder, timeMs / 1_000, timeMs / 1_000)
}

function hiddenBeside(folder: string): string {
  return join(dirname(folder), `.${newId()}`)
}
