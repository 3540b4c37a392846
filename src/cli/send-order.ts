import type { Transfer, TransferOrder, TransferPlan } from '../client/operations.ts'
import type { Api } from './api.ts'
import { CliError } from './exit.ts'

/** Orders a copy. With `idempotencyKey` a repeat is the first order. */
export async function orderTransfer(
  api: Api,
  body: Omit<TransferOrder, 'dryRun'>,
  idempotencyKey?: string,
): Promise<Transfer> {
  const answer = await api.submitTransfer({ body, idempotencyKey })
  if (isPlan(answer)) throw otherAnswer('told what it would copy, and ordered nothing')
  return answer
}

/** What an order would do; nothing is done. */
export async function planTransfer(api: Api, body: Omit<TransferOrder, 'dryRun'>): Promise<TransferPlan> {
  const answer = await api.submitTransfer({ body: { ...body, dryRun: true } })
  if (!isPlan(answer)) throw otherAnswer('ordered a copy where it should only say what it would do')
  return answer
}

function isPlan(answer: Transfer | TransferPlan): answer is TransferPlan {
  return 'counts' in answer
}

function otherAnswer(what: string): CliError {
  return new CliError(`The node ${what}; is it of another version?`, { code: 'BAD_ANSWER' })
}
