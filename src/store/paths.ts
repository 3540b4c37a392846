import { BadRequestError } from '../platform/errors.ts'
import type { StorePath } from './types.ts'

/** What every common file system holds (NAME_MAX); longer names could not be stored as ordinary files. */
const MAX_NAME_BYTES = 255
const MAX_DEPTH = 200

/** Throws `BadRequestError` for a name that cannot be a file's: empty, dots, slash, NUL, half a character, too long. */
export function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..') throw invalid(name, 'is not a name of a file')
  if (/[/\0]/.test(name)) throw invalid(name, 'contains a slash or a NUL character')
  if (!name.isWellFormed()) throw invalid(name, 'is not text that can be written as UTF-8')
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw invalid(name, `is longer than ${MAX_NAME_BYTES} bytes`)
}

/** Checks every name of a path and its depth. */
export function checkPath(path: StorePath): void {
  if (path.length > MAX_DEPTH) throw new BadRequestError(`The path is deeper than ${MAX_DEPTH} folders.`)
  for (const name of path) checkName(name)
}

/** A path from a text such as `/data/run 1/a.txt`; empty segments collapse. */
export function parsePath(text: string): StorePath {
  const path = text.split('/').filter((name) => name !== '')
  checkPath(path)
  return path
}

/** The text form of a path: `/` for the root, no trailing slash. */
export function formatPath(path: StorePath): string {
  return `/${path.join('/')}`
}

export function parentOf(path: StorePath): StorePath {
  return path.slice(0, -1)
}

export function nameOf(path: StorePath): string {
  return path.at(-1) ?? ''
}

/** True when `path` is `ancestor` or lies below it. */
export function isWithin(path: StorePath, ancestor: StorePath): boolean {
  return path.length >= ancestor.length && ancestor.every((name, index) => path[index] === name)
}

/** The name, cut between two characters so that `reservedBytes` more fit into what a file system holds. */
export function truncateName(name: string, reservedBytes: number): string {
  const kept = [...name]
  let sizeBytes = Buffer.byteLength(name)
  while (sizeBytes > MAX_NAME_BYTES - reservedBytes) sizeBytes -= Buffer.byteLength(kept.pop() ?? '')
  return kept.join('')
}

function invalid(name: string, what: string): BadRequestError {
  const shown = JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)
  return new BadRequestError(`The name ${shown} ${what}.`, { code: 'INVALID_NAME' })
}
