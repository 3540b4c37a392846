import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrorCode } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'

/**
 * Writes what a client said of an upload into its folder. Who reads it finds the old facts or the new, whenever
 * the process ends; flushed first, since after a power cut the new name could stand over an empty file.
 */
export async function writeFacts(folder: string, name: string, facts: object): Promise<void> {
  const temporary = join(folder, `.facts-${newId()}`)
  try {
    await writeFile(temporary, JSON.stringify(facts), { flag: 'wx', flush: true })
    await rename(temporary, join(folder, name))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

/** The facts in a folder; undefined when there are none or nobody can tell any more what they were. */
export async function findFacts<T extends object>(folder: string, name: string): Promise<T | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) return ''
    throw error
  })
  try {
    const facts: unknown = JSON.parse(text)
    return typeof facts === 'object' && facts !== null ? (facts as T) : undefined
  } catch {
    return undefined
  }
}
