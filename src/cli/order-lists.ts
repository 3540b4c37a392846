import { readFile } from 'node:fs/promises'
import type { RecurringOrder, TransferItem } from '../client/operations.ts'
import type { Api } from './api.ts'
import type { CliContext } from './context.ts'
import { CliError, usageError } from './exit.ts'
import { checksum } from './order-options.ts'
import { readPairs } from './transfer-list.ts'
import { parseDestination, parsePlace, resolvePlace, sourceOf } from './transfer-places.ts'

/** The copies of `--batch`: a source and a destination in each line. */
export async function readBatch(
  path: string,
  context: CliContext,
  api: () => Promise<Api>,
): Promise<TransferItem[]> {
  const pairs = await readPairs(path, context)
  return Promise.all(
    pairs.map(async ({ source, destination }) => ({
      source: await resolvePlace(parsePlace(source), api),
      destination: parseDestination(destination),
    })),
  )
}

interface FtsFile {
  sources: string[]
  destinations: string[]
  filesize?: number
  checksum?: string
}

/** The copies of `--bulk`: ours, or that of FTS3: `{"files": [{"sources": […], "destinations": […]}]}`. */
export async function readBulk(path: string, context: CliContext): Promise<Pick<RecurringOrder, 'items'>> {
  const text = path === '-' ? await readAll(context) : await readText(path)
  let value: { items?: TransferItem[]; files?: FtsFile[] }
  try {
    value = JSON.parse(text) as typeof value
  } catch (cause) {
    throw usageError(`${path} is no JSON: ${cause instanceof Error ? cause.message : ''}`)
  }
  if (Array.isArray(value?.items)) return { items: value.items }
  if (!Array.isArray(value?.files)) throw usageError(`${path} has neither "items" nor "files".`)
  return { items: value.files.map((file, index) => fromFts(file, index)) }
}

function fromFts({ sources, destinations, filesize, checksum: given }: FtsFile, index: number): TransferItem {
  const [destination] = destinations ?? []
  if (!Array.isArray(sources) || sources.length === 0 || destination === undefined)
    throw usageError(`File ${index} of the list lacks sources or destinations.`)
  return {
    source: sourceOf(sources.map(parsePlace)),
    destination: parseDestination(destination),
    ...(filesize ? { sizeBytes: filesize } : {}),
    ...(given ? { checksums: checksum(given) } : {}),
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError(`${path} cannot be read.`, { code: 'NO_LIST', cause })
  }
}

async function readAll({ stdin }: CliContext): Promise<string> {
  return Buffer.concat(await Array.fromAsync(stdin as AsyncIterable<Buffer>)).toString('utf8')
}
