import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeSmtp } from '../fakes/smtp/fake-smtp.ts'
import { createTestDatabase, type TestDatabase } from '../support/databases.ts'
import { MailRig, tokenIn } from './mail-rig.ts'
import { addUsers } from './support.ts'

const DAY_MS = 86_400_000

describe('links in mails', () => {
  let database: TestDatabase
  let smtp: FakeSmtp
  let rig: MailRig
  const open = async (name: string, token: string, isPost: boolean) =>
    await rig.room.pages.open(name, token, isPost)
  /** Accept comes first in a mail, Decline second. */
  const answerToken = (nth: number) => tokenIn(rig.lastMail.text, 'answer', nth)

  beforeAll(async () => {
    database = await createTestDatabase('sqlite')
  })

  afterAll(() => database.close())

  beforeEach(async () => {
    await database.db('users').delete()
    await addUsers(database.db, ['ann', 'bob'])
    smtp = await new FakeSmtp().start()
    rig = new MailRig(database.db, smtp)
    await rig.shareArrives('ann', 's1', { name: '<b>sky</b>' })
  })

  afterEach(() => smtp.stop())

  it('change nothing when a scanner opens them, and show one button', async () => {
    const shown = await open('answer', answerToken(0), false)
    expect(shown).toMatchObject({ status: 200 })
    expect(shown?.html).toContain('&lt;b&gt;sky&lt;/b&gt;')
    expect(shown?.html.match(/<button/g)).toHaveLength(1)
    await open('unsubscribe', tokenIn(rig.lastMail.text, 'unsubscribe'), false)
    expect(rig.shares.answers).toEqual([])
    expect(await database.db('notification_settings')).toEqual([])
  })

  it('do what they say when the button is pressed, once', async () => {
    expect((await open('answer', answerToken(0), true))?.status).toBe(200)
    expect(rig.shares.answers).toEqual(['accept ann s1'])
    for (const nth of [0, 1]) expect((await open('answer', answerToken(nth), true))?.status).toBe(410)
    expect((await open('answer', answerToken(0), false))?.status).toBe(410)
    expect(rig.shares.answers).toEqual(['accept ann s1'])
  })

  it('decline as well', async () => {
    await open('answer', answerToken(1), true)
    expect(rig.shares.answers).toEqual(['decline ann s1'])
  })

  it('are too old after a while', async () => {
    const token = answerToken(0)
    rig.clock.pass(14 * DAY_MS)
    expect((await open('answer', token, true))?.status).toBe(410)
    expect(rig.shares.answers).toEqual([])
  })

  it('hold for one user, one share, one purpose and one node', async () => {
    const token = answerToken(0)
    const [payload = '', signature = ''] = token.split('.')
    const meaning = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const forge = (change: object) =>
      `${Buffer.from(JSON.stringify({ ...meaning, ...change })).toString('base64url')}.${signature}`
    rig.shares.add('bob', 's2')
    const forged = [
      forge({ userId: 'bob', shareId: 's2' }),
      forge({ shareId: 's2' }),
      forge({ answer: 'decline' }),
      forge({ until: meaning.until + 1 }),
      payload,
      `${payload}.`,
      `${token}.x`,
      `.${signature}`,
      token.slice(0, -1),
      '',
      'x'.repeat(100_000),
      tokenIn(rig.lastMail.text, 'unsubscribe'),
    ]
    for (const text of forged) expect((await open('answer', text, true))?.status).toBe(403)
    expect((await open('unsubscribe', token, true))?.status).toBe(403)
    const other = new MailRig(database.db, smtp, { nodeKey: Buffer.alloc(32, 8) })
    expect((await other.room.pages.open('answer', token, true))?.status).toBe(403)
    expect(rig.shares.answers).toEqual([])
  })

  it('are worth nothing when the user is gone', async () => {
    const tokens = [answerToken(0), tokenIn(rig.lastMail.text, 'unsubscribe')] as const
    await database.db('users').where({ id: 'ann' }).delete()
    expect((await open('answer', tokens[0], true))?.status).toBe(410)
    expect((await open('unsubscribe', tokens[1], true))?.status).toBe(200)
    expect(rig.shares.answers).toEqual([])
  })

  it('end mails of their kind, and no others', async () => {
    await open('unsubscribe', tokenIn(rig.lastMail.text, 'unsubscribe'), true)
    await rig.shareArrives('ann', 's2')
    await rig.shareArrives('bob', 's3')
    expect(smtp.mails.map(({ to }) => to[0])).toEqual(['ann@mail.test', 'bob@mail.test'])
    const facts = { label: 'x' }
    await rig.notifications.tellOnce({ userId: 'ann', kind: 'app-password.created', subjectId: 'p', facts })
    await rig.room.round()
    expect(smtp.mails).toHaveLength(3)
  })

  it.each(['', 'constructor', 'toString', 'nothing'])('lead nowhere for %j', async (name) => {
    expect(await open(name, answerToken(0), true)).toBeUndefined()
  })
})
