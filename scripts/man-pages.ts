import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { CliContext } from '../src/cli/context.ts'
import { listManualPages } from '../src/cli/manual.ts'
import { createProgram } from '../src/cli/program.ts'

/** Where the manual pages are. */
export const MANUAL_FOLDER = join(import.meta.dirname, '../man')

/** The manual pages as they should be, by the name of the file. */
export function currentManualPages(): Map<string, string> {
  const nowhere = { write: () => true }
  const context: CliContext = {
    env: { insecure: false, noColor: true, profileFile: '' },
    stdin: Readable.from([]),
    stdout: nowhere,
    stderr: nowhere,
    signal: new AbortController().signal,
    exitCode: 0,
  }
  return listManualPages(createProgram(context))
}

async function writeManualPages(): Promise<void> {
  const pages = currentManualPages()
  await mkdir(MANUAL_FOLDER, { recursive: true })
  for (const name of await readdir(MANUAL_FOLDER)) if (!pages.has(name)) await rm(join(MANUAL_FOLDER, name))
  for (const [name, text] of pages) await writeFile(join(MANUAL_FOLDER, name), text)
}

if (import.meta.main) await writeManualPages()
