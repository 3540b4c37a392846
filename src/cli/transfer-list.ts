import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { CliContext } from './context.ts'
import { CliError, usageError } from './exit.ts'
import { toLocalError } from './local-tree.ts'

/** One copy of a list. */
export interface ListedCopy {
  source: string
  destination: string
  /** One of several sources: the destination is a folder. */
  intoFolder: boolean
}

/** The file of `urllist:///file` or `@file`; undefined for what is no list. */
export function findListPath(location: string): string | undefined {
  if (location.startsWith('@')) return location.slice(1)
  const [, path] = /^urllist:(?:\/\/(?:localhost)?)?(.+)$/is.exec(location) ?? []
  return path
}

/** The pairs of `--list FILE`: a source and a destination in each line; `-` reads standard input. */
export async function readPairs(path: string, context: CliContext): Promise<ListedCopy[]> {
  const lines = await readLines(path, context)
  return lines.map(({ line, number }) => {
    const [source, destination, ...more] = toWords(line)
    if (source === undefined || destination === undefined || more.length > 0)
      throw usageError(
        `${path}, line ${number}: a source and a destination are needed; blanks in names stand in double quotes.`,
      )
    return { source, destination, intoFolder: false }
  })
}

/**
 * A source and a destination, each of which may be a list as ARC has it: several sources into one folder,
 * or as many destinations as sources.
 */
export async function expandLists(
  source: string,
  destination: string,
  context: CliContext,
): Promise<ListedCopy[] | undefined> {
  const [from, to] = [findListPath(source), findListPath(destination)]
  if (from === undefined && to === undefined) return undefined
  if (from === undefined) throw usageError('A list of destinations needs a list of sources.')
  const sources = await readLines(from, context)
  if (to === undefined) return sources.map(({ line }) => ({ source: line, destination, intoFolder: true }))
  const destinations = await readLines(to, context)
  if (sources.length !== destinations.length)
    throw usageError(
      `${from} names ${sources.length} sources and ${to} ${destinations.length} destinations; they must be as many.`,
    )
  return sources.map(({ line }, index) => ({
    source: line,
    destination: destinations[index]?.line ?? '',
    intoFolder: false,
  }))
}

async function readLines(path: string, context: CliContext): Promise<{ line: string; number: number }[]> {
  let content: string
  try {
    content = path === '-' ? await text(context.stdin) : await readFile(path, 'utf8')
  } catch (error) {
    const reason = toLocalError(path, error)
    throw reason instanceof CliError && reason.code === 'ENOENT'
      ? new CliError(`${path}: there is no such list.`, { code: 'ENOENT', cause: error })
      : reason
  }
  const lines = content.split(/\r?\n/).map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const named = lines.filter(({ line }) => line !== '' && !line.startsWith('#'))
  if (named.length === 0) throw usageError(`${path} lists nothing.`)
  return named
}

/** Words between blanks; a tab separates too, and what stands in double quotes is one word. */
function toWords(line: string): string[] {
  if (line.includes('\t')) return line.split('\t').filter((word) => word !== '')
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}
