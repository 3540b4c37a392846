import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CopyProgress } from '../../src/shares/offers/types.ts'
import { engines } from '../support/databases.ts'
import { bytes, createTestNode, Mesh, type TestNode, until } from './support.ts'

describe.each(engines)('the report of a copy within a node, on %s', (engine) => {
  let leiden: TestNode
  let progress: CopyProgress
  let asked: number
  const stop = new AbortController()

  beforeEach(async () => {
    progress = { state: 'copying', files: 0, sizeBytes: 0, isVerified: false }
    asked = 0
    const copier = () => ({
      order: async () => 'job',
      cancel: async () => undefined,
      find: async () => {
        asked++
        return progress
      },
    })
    leiden = await createTestNode(new Mesh(), 'leiden', { engine, users: ['ann', 'ben'], parts: { copier } })
    await (await leiden.home('ann')).write(['a.txt'], bytes('alpha'))
  })
  afterEach(() => leiden.close())

  const copyState = async () => (await leiden.db('share_copies').first('state'))?.state
  const pushed = (id: string): Promise<{ state: string }> => leiden.api('ann', 'getPush', { params: { id } })
  const rename = (from: string, to: string) => leiden.db.schema.renameTable(from, to)

  it.each([
    false,
    true,
  ])('stands together with the copy, whenever its process ends; once: %s', async (once) => {
    const body = { path: '/a.txt', shareWith: 'ben', once }
    const { id }: { id: string } = await leiden.api('ann', 'pushTransfer', { body })
    const { items }: { items: { id: string }[] } = await leiden.api('ben', 'listReceivedShares')
    const params = { id: items[0]?.id }
    await leiden.api('ben', 'acceptReceivedShare', { params, body: { copyTo: '/inbox/a.txt' } })
    expect(await pushed(id)).toMatchObject({ state: 'copying' })

    progress = { state: 'copied', files: 1, sizeBytes: 5, isVerified: true }
    // The report cannot be written, as when the process ends there.
    await rename('share_pushes', 'away')
    leiden.shares.start(stop.signal)
    const nextRound = async (holds: () => Promise<boolean>) =>
      until(async () => {
        leiden.clock.advance(30_000)
        return await holds()
      })
    await nextRound(async () => asked > 1 || (await copyState()) === 'copied')
    await rename('away', 'share_pushes')
    await nextRound(async () => (await copyState()) === 'copied')
    expect(await pushed(id)).toMatchObject({ state: 'copied', files: 1, verified: true })
    expect(await leiden.api('ann', 'getShare', { params: { id } })).toMatchObject({
      state: once ? 'revoked' : 'accepted',
    })
  })
})
