import type { TrashedFile } from '../../../client/operations.ts'
import { ApiProblem, api, isProblem } from '../../api.ts'
import { nameOf } from '../../dav/paths.ts'
import { pageProblem } from '../../dav/problem.ts'
import { visibleName } from '../../format.ts'
import { t } from '../../i18n/t.ts'

export interface TrashResult {
  /** What it was done to; where that is now, when it was put back. */
  done: { item: TrashedFile; target: string }[]
  failed: { item: TrashedFile; error: unknown }[]
}

/** So many go with one request: proxies wait for an answer no longer than a minute or so. */
const PORTION = 25

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
      const isLast = !isOfPortion(error)
      result.failed.push(...(isLast ? items.slice(at) : portion).map((item) => ({ item, error })))
      if (isLast) break
    }
  }
  return result
}

/** Whatever else keeps a whole request from being answered will keep the next one, too. */
function isOfPortion(error: unknown): boolean {
  return isProblem(error) && error.status >= 500
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
    const outcome = byName.get(item.name)
    if (outcome === undefined) result.failed.push({ item, error: unanswered(item) })
    else if (outcome.error !== undefined) result.failed.push({ item, error: new ApiProblem(outcome.error) })
    else result.done.push({ item, target: outcome.target ?? item.path })
  }
}

function unanswered({ path }: TrashedFile): ApiProblem {
  return pageProblem('UNANSWERED', t('trash.unanswered', { name: visibleName(nameOf(path)) }))
}
