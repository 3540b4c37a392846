import { BadRequestError, NotFoundError } from '../../platform/errors.ts'
import type { FileStore, StorePath } from '../../store/types.ts'
import type { DestinationRef, PlaceRef } from '../endpoints.ts'
import type { JobOptions } from '../job-options.ts'
import type { TransferItem, TransferOrder } from '../types.ts'
import type { Stage, StageInput, StageOutput } from './stage-spec.ts'

const MAX_FILES = 100_000

/** How a set's directory is named as an end of transfers; no endpoint of a user has a colon in its name. */
export function stageRef(id: string, name: string): PlaceRef & DestinationRef {
  return { endpoint: `stage:${id}`, path: name }
}

/** Where the user's machine sends an input: a folder of their drive, for this set. */
export function clientPath(stageId: string, name: string): string {
  return `/.stage-${stageId}/${name}`
}

/** A transfer of some inputs or outputs, and which. */
export interface StageOrder {
  order: TransferOrder
  items: number[]
}

/** The transfers that bring inputs: one for all files that are treated alike, one for each folder. */
export function inputOrders(stage: Stage, wanted: readonly number[]): StageOrder[] {
  const orders: StageOrder[] = []
  const alike = new Map<string, number[]>()
  for (const index of wanted) {
    const input = stage.spec.inputs[index] as StageInput
    const cache = input.cache ?? 'yes'
    if (input.recursive === true) orders.push({ items: [index], order: folderOrder(stage, input) })
    else alike.set(cache, [...(alike.get(cache) ?? []), index])
  }
  for (const [cache, items] of alike) {
    const isAllNeeded = items.every((index) => stage.spec.inputs[index]?.optional !== true)
    const options: JobOptions = {
      cache: cache as NonNullable<JobOptions['cache']>,
      // As in ARC: a job that cannot run needs no other input.
      ...(isAllNeeded ? { onItemError: 'fail' as const } : {}),
    }
    const list = items.map((index) => inputItem(stage, stage.spec.inputs[index] as StageInput))
    orders.push({ items, order: { ...base(stage, list, options), label: `${stage.label}: in` } })
  }
  return orders
}

function sourceOfInput(stage: Stage, { source, name }: StageInput) {
  return 'client' in source ? { path: clientPath(stage.id, name) } : source
}

function inputItem(stage: Stage, input: StageInput): TransferItem {
  const { checksums } = input
  return {
    source: sourceOfInput(stage, input),
    destination: stageRef(stage.id, input.name),
    ...(checksums === undefined ? {} : { checksums }),
  }
}

function folderOrder(stage: Stage, input: StageInput): TransferOrder {
  const source = sourceOfInput(stage, input)
  const options: JobOptions = { cache: input.cache ?? 'yes' }
  const { priority } = stage.spec
  return {
    ...{ source, destination: stageRef(stage.id, input.name), label: `${stage.label}: ${input.name}` },
    options: withWebhook(stage, options),
    ...(priority === undefined ? {} : { priority }),
  }
}

function base(stage: Stage, items: TransferItem[], options: JobOptions): TransferOrder {
  const [first] = items
  if (first === undefined) throw new BadRequestError('There is nothing to transfer.')
  const { priority } = stage.spec
  const { source, destination } = first
  return {
    ...{ source, destination, items },
    options: withWebhook(stage, options),
    ...(priority === undefined ? {} : { priority }),
  }
}

function withWebhook({ spec }: Stage, options: JobOptions): JobOptions {
  return spec.webhook === undefined ? options : { ...options, webhook: spec.webhook }
}

/** What is to be taken away after a job, and what should be there and is not. */
export interface Collected {
  order: StageOrder | undefined
  missing: { index: number; isOptional: boolean }[]
}

/** Looks which outputs there are; folders become the files below them. */
export async function outputOrder(stage: Stage, store: FileStore): Promise<Collected> {
  const items: TransferItem[] = []
  const indexes: number[] = []
  const missing: Collected['missing'] = []
  for (const [index, output] of stage.spec.outputs.entries()) {
    if (!isWanted(output, stage.hasJobFailed)) continue
    const found = await filesOf(store, output.name.split('/'))
    if (found === undefined) missing.push({ index, isOptional: output.optional === true })
    for (const below of found ?? []) {
      items.push({
        source: stageRef(stage.id, [output.name, ...below].join('/')),
        destination: placeBelow(output.destination, below),
      })
      indexes.push(index)
    }
    if (items.length > MAX_FILES) throw new BadRequestError(`A set may have ${MAX_FILES} files of output.`)
  }
  if (items.length === 0) return { order: undefined, missing }
  return {
    order: { items: indexes, order: { ...base(stage, items, {}), label: `${stage.label}: out` } },
    missing,
  }
}

function isWanted({ when }: StageOutput, hasJobFailed: boolean): boolean {
  return when === 'always' || (when === 'failure') === hasJobFailed
}

/** The files at or below a path, relative to it; undefined when nothing is there. */
async function filesOf(store: FileStore, path: StorePath): Promise<StorePath[] | undefined> {
  try {
    const entry = await store.stat(path)
    if (entry.kind === 'file') return [[]]
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
  const files: StorePath[] = []
  const folders: StorePath[] = [[]]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const { name, kind } of await store.list([...path, ...folder]))
      (kind === 'file' ? files : folders).push([...folder, name])
    if (files.length > MAX_FILES) break
  }
  return files
}

function placeBelow(destination: DestinationRef, below: StorePath): DestinationRef {
  if (below.length === 0) return destination
  if ('url' in destination)
    return { url: [destination.url.replace(/\/$/, ''), ...below.map(encodeURIComponent)].join('/') }
  return { ...destination, path: [destination.path.replace(/\/$/, ''), ...below].join('/') }
}
