import { expect, it } from 'vitest'
import { type ChoiceFacts, chooseExecutor } from '../../src/transfers/choose-executor.ts'
import type { TransferSource } from '../../src/transfers/endpoints.ts'

const end = { path: [] } as unknown as TransferSource
const storage = { ...end, rclone: { label: 'sftp.example.org' } } as TransferSource
const facts: ChoiceFacts = {
  wanted: 'auto',
  source: end,
  destination: end,
  isStaged: false,
  failed: new Map(),
}
const can = { suits: true, why: 'b fetches from a' }
const cannot = { suits: false, why: 'it failed lately (refused)' }

it.each<[string, Partial<ChoiceFacts>, { executor: string; why: RegExp }]>([
  ['what is asked for', { wanted: 'fts', thirdParty: can }, { executor: 'fts', why: /asks for it/ }],
  [
    'rclone for what only it speaks',
    { source: storage, thirdParty: can },
    { executor: 'rclone', why: /sftp/ },
  ],
  ['two servers that can', { thirdParty: can }, { executor: 'third-party', why: /b fetches from a/ }],
  [
    'a stream, and why not them',
    { thirdParty: cannot },
    { executor: 'stream', why: /elsewhere.*failed lately/ },
  ],
  [
    'a stream after their refusal',
    { thirdParty: can, failed: new Map([['third-party', 'a says no']]) },
    { executor: 'stream', why: /a says no/ },
  ],
  [
    'them again to tidy up what they began',
    { thirdParty: cannot, wasOrdered: true },
    { executor: 'third-party', why: /failed lately/ },
  ],
  [
    'a stream where the order limits the bandwidth',
    { thirdParty: can, isLimited: true },
    { executor: 'stream', why: /elsewhere.*limits the bandwidth/ },
  ],
  ['a stream into place', { isStaged: true }, { executor: 'stream', why: /lies here/ }],
])('chooses %s', (_, change, { executor, why }) => {
  const choice = chooseExecutor({ ...facts, ...change })
  expect(choice.executor).toBe(executor)
  expect(choice.why).toMatch(why)
})
