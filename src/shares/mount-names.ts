import { cleanLine } from '../ocm/foreign-text.ts'
import { ConflictError, NotFoundError } from '../platform/errors.ts'
import { checkName } from '../store/paths.ts'
import type { EntryKind, FileStore } from '../store/types.ts'

const MAX_BYTES = 200
const MAX_ATTEMPTS = 100

/** The name another server gave a share, made fit to stand in a drive. */
export function toMountName(name: string): string {
  const clean = cleanLine(name.replaceAll('\0', '_'), MAX_BYTES * 2)
    .replace(/[/\\\u0000-\u001f\u007f]/g, '_')
    .trim()
    .replace(/^\.+$/, '')
  return cutToBytes(clean, MAX_BYTES) || 'share'
}

/** `name`, `name (2)`, `name (3)` …; a file keeps its extension: `report (2).pdf`. */
export function* candidateNames(name: string, kind: EntryKind): Generator<string> {
  const dot = kind === 'file' ? name.lastIndexOf('.') : -1
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, '']
  yield name
  for (let n = 2; n <= MAX_ATTEMPTS; n++) yield `${stem} (${n})${extension}`
}

/** True when nothing of the user's own files has this name in the drive's root. */
export async function isFreeAtHome(home: FileStore, name: string): Promise<boolean> {
  try {
    await home.stat([name])
    return false
  } catch (error) {
    if (error instanceof NotFoundError) return true
    throw error
  }
}

/** A name somebody chose on purpose: it must be possible, and is not changed silently. */
export function checkChosenName(name: string): string {
  checkName(name)
  return name
}

/** The error for a name that is taken. */
export function nameTaken(name: string): ConflictError {
  return new ConflictError(
    `There is something named ${JSON.stringify(name)} in your drive; choose another name.`,
    {
      code: 'NAME_TAKEN',
    },
  )
}

function cutToBytes(text: string, maxBytes: number): string {
  let cut = ''
  for (const character of text) {
    if (Buffer.byteLength(cut) + Buffer.byteLength(character) > maxBytes) return cut.trimEnd()
    cut += character
  }
  return cut
}
