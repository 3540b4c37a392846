import { expect, it } from 'vitest'
import { createLogger } from '../../src/platform/log.ts'
import { Breakers } from '../../src/transfers/links/breakers.ts'
import { LinkControl } from '../../src/transfers/links/link-control.ts'
import {
  dropUnusedLinks,
  listLinks,
  saveLinkSettings,
  saveLinkState,
} from '../../src/transfers/links/links-repo.ts'
import { startLink } from '../../src/transfers/scheduling/link-state.ts'
import type { Fault } from '../../src/transfers/transfer-error.ts'
import { createTestDatabase, engines } from '../support/databases.ts'
import { FakeClock } from './support/fake-clock.ts'

const DAY_MS = 86_400_000
const fault: Fault = {
  code: 'UNREACHABLE',
  type: 'TEMPORARY_REMOTE_ERROR',
  location: 'ERROR_SOURCE',
  message: 'Nobody answers.',
  temporary: true,
}

it.each(
  engines,
)('forgets links that nobody used for a month, but not what an operator set, on %s', async (engine) => {
  const { db, close } = await createTestDatabase(engine)
  const clock = new FakeClock()
  const decide = (link: string) => saveLinkState(db, link, startLink(5, clock.nowMs()), clock.nowMs())
  await saveLinkSettings(db, 'limited.test>here', { maxActive: 3 })
  await saveLinkSettings(db, 'paused.test>here', { isPaused: true })
  await saveLinkSettings(db, 'cleared.test>here', { bandwidth: null })
  await decide('old.test>here')
  await decide('paused.test>here')
  clock.advance(20 * DAY_MS)
  await decide('new.test>here')
  clock.advance(11 * DAY_MS)
  const limits = { min: 1, max: 10, start: 5 }
  const links = new LinkControl({
    db,
    clock,
    log: createLogger('silent'),
    limits,
    bandwidth: '',
    timeZone: 'UTC',
  })
  await links.reload()
  await links.tidy()
  const left = ['limited.test>here', 'new.test>here', 'paused.test>here']
  expect((await listLinks(db)).map(({ link }) => link)).toEqual(left)
  expect(links.facts().map(({ link }) => link)).toEqual(left)
  await close()
})

it.each(engines)('keeps the latest of too many links, on %s', async (engine) => {
  const { db, close } = await createTestDatabase(engine)
  await saveLinkSettings(db, 'limited.test>here', { maxActive: 3 })
  for (let n = 0; n < 6; n++) await saveLinkState(db, `h${n}.test>here`, startLink(5, n), 1000 + n)
  expect(await dropUnusedLinks(db, { beforeMs: 1001, keep: 3 })).toBe(3)
  expect((await listLinks(db)).map(({ link }) => link)).toEqual([
    'h3.test>here',
    'h4.test>here',
    'h5.test>here',
    'limited.test>here',
  ])
  await close()
})

it('forgets hosts whose failures are long over, and the oldest of too many', () => {
  const clock = new FakeClock()
  const breakers = new Breakers(clock)
  for (let n = 0; n < 5; n++) breakers.failed('down.test>here', fault, false)
  expect(breakers.open()).toMatchObject([{ host: 'down.test' }])
  breakers.tidy()
  expect(breakers.remembered).toBe(1)
  clock.advance(2 * DAY_MS)
  breakers.tidy()
  expect(breakers.remembered).toBe(0)
  for (let n = 0; n < 20_001; n++) breakers.failed(`h${n}.test>here`, fault, false)
  expect(breakers.remembered).toBe(10_000)
})
