import type { TrashedFile } from '../../../client/operations.ts'
import { ApiProblem, api } from '../../api.ts'

export interface TrashResult {
  /** What it was done to; where that is now, when it was put back. */
  done: { item: TrashedFile; target: string }[]
  failed: { item: TrashedFile; error: unknown }[]
}

/** So many go with one request. */
const PORTION = 500

/** Puts back or removes for good; what fails does not keep the others. */
export async function orderTrash(
  operation: 'restore' | 'remove',
  items: readonly TrashedFile[],
): Promise<TrashResult> {
  const result: TrashResult = { done: [], failed: [] }
  for (let at = 0; at < items.length; at += PORTION) {
    const portion = items.slice(at, at + PORTION)
    try {
      await orderPortion(operation, portion, result)
    } catch (error) {
      // Whatever keeps a whole request from being answered will keep the next one, too.
      result.failed.push(...items.slice(at).map((item) => ({ item, error })))
      break
    }
  }
  return result
}

async function orderPortion(
  operation: 'restore' | 'remove',
  items: readonly TrashedFile[],
  result: TrashResult,
): Promise<void> {
  const names = items.map(({ name }) => name)
  // Large folders take as long as they are large.
  const { items: outcomes } = await api.changeTrash({ body: { operation, names }, timeoutMs: 0 })
  const byName = new Map(outcomes.map((outcome) => [outcome.name, outcome]))
  for (const item of items) {
    const { target = item.path, error } = byName.get(item.name) ?? {}
    if (error === undefined) result.done.push({ item, target })
    else result.failed.push({ item, error: new ApiProblem(error) })
  }
}
