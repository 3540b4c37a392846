import type { RecurringOrder, TransferOptions } from '../client/operations.ts'
import type { Api } from './api.ts'
import type { CliContext } from './context.ts'
import { usageError } from './exit.ts'
import { readBatch, readBulk } from './order-lists.ts'
import type { OrderOptions } from './order-options.ts'
import {
  describePlace,
  type PlaceRef,
  parseDestination,
  parsePlace,
  resolvePlace,
  sourceOf,
} from './transfer-places.ts'

/** The body of an order, from arguments and options. */
export async function toOrderBody(
  call: { args: string[]; options: OrderOptions; context: CliContext },
  api: () => Promise<Api>,
): Promise<RecurringOrder> {
  const { args, options, context } = call
  const common = { ...commonOf(options), options: jobOptionsOf(options) }
  const sourceOfFiles = options.batch ?? options.bulk
  if (sourceOfFiles !== undefined) {
    if (args.length > 0 || (options.batch !== undefined && options.bulk !== undefined))
      throw usageError('Name a source and a destination, or --batch, or --bulk; one of them.')
    return options.batch === undefined
      ? { ...(await readBulk(sourceOfFiles, context)), ...common }
      : { items: await readBatch(sourceOfFiles, context, api), ...common }
  }
  const [source, destination] = args
  if (source === undefined || destination === undefined)
    throw usageError('A source and a destination are needed, or --batch, or --bulk.')
  const places = [source, ...options.replica].map(parsePlace)
  const to = parseDestination(destination)
  const refs = await Promise.all(places.map((place) => resolvePlace(place, api)))
  assertApart(refs, to)
  return { source: sourceOf(refs), destination: to, ...common }
}

function assertApart(sources: readonly PlaceRef[], destination: PlaceRef): void {
  if (sources.some((source) => JSON.stringify(source) === JSON.stringify(destination)))
    throw usageError(`${describePlace(destination)} is source and destination. Choose another destination.`)
}

function commonOf(options: OrderOptions) {
  const { overwrite, label, priority, executor, verify } = options
  return { overwrite, label, priority, executor, verify }
}

function jobOptionsOf(options: OrderOptions): TransferOptions | undefined {
  const { sync, filters, deleteExtra, maxDelete, onError, tries, streams, bandwidth, minSpeed, webhook } =
    options
  const all = {
    ...{ sync, deleteExtra, maxDelete, webhook, streams, checksums: options.checksum },
    filters: filters.length > 0 ? filters : undefined,
    onItemError: onError,
    maxTries: tries,
    bandwidthBytesPerSecond: bandwidth,
    minBytesPerSecond: minSpeed,
  }
  return Object.values(all).some((value) => value !== undefined) ? all : undefined
}
