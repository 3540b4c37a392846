import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nextDigestMs } from '../../src/notify/mail/digests-repo.ts'
import { FakeSmtp, type FakeSmtpOptions } from '../fakes/smtp/fake-smtp.ts'
import { createTestDatabase, engines, type TestDatabase } from '../support/databases.ts'
import { MailRig, PUBLIC_URL, tokenIn } from './mail-rig.ts'
import { addUsers } from './support.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

describe.each(engines)('mails on %s', (engine) => {
  let database: TestDatabase
  let smtp: FakeSmtp
  let rig: MailRig
  const options: FakeSmtpOptions = {}
  const outbox = () => database.db('mail_outbox').select('state', 'tries', 'last_error', 'message_sealed')

  beforeAll(async () => {
    database = await createTestDatabase(engine)
  })

  afterAll(() => database.close())

  beforeEach(async () => {
    await database.db('users').delete()
    await database.db('mail_refusals').delete()
    await addUsers(database.db, ['ann', 'bob'])
    for (const key of Object.keys(options)) delete options[key as keyof FakeSmtpOptions]
    smtp = await new FakeSmtp(options).start()
    rig = new MailRig(database.db, smtp)
  })

  afterEach(() => smtp.stop())

  it('tell of a share in text and HTML, with links to answer, and are sent once', async () => {
    await rig.shareArrives('ann', 's1', { name: 'sky.fits', note: 'look\nat this' })
    await rig.room.round()
    expect(smtp.mails).toHaveLength(1)
    expect(smtp.mails[0]).toMatchObject({ from: 'no-reply@leiden.test', to: ['ann@mail.test'] })
    const { headers, text, html } = rig.lastMail
    expect(headers.get('subject')).toBe('Jan (jan@krakow.test) wants to share "sky.fits" with you')
    expect(headers.get('from')).toBe('Leiden <no-reply@leiden.test>')
    expect(headers.get('auto-submitted')).toBe('auto-generated')
    expect(headers.get('list-unsubscribe-post')).toBe('List-Unsubscribe=One-Click')
    expect(headers.get('list-unsubscribe')).toMatch(
      new RegExp(`^<${PUBLIC_URL}/mail/unsubscribe\\?token=[\\w.-]+>$`),
    )
    expect(text).toContain('look\nat this')
    expect(html).toContain('look<br>\nat this')
    for (const body of [text, html]) {
      expect(body).toContain(`${PUBLIC_URL}/mail/answer?token=`)
      expect(body).toContain(`${PUBLIC_URL}/pending`)
      const links = body.match(/https?:\/\/[^\s"<]+/g) ?? []
      expect(links.filter((link) => !link.startsWith(`${PUBLIC_URL}/`))).toEqual([])
    }
    expect(await outbox()).toMatchObject([{ state: 'sent', message_sealed: null }])
  })

  it('cannot be broken by names: no header, no recipient, no markup', async () => {
    const evil = 'x\r\nBcc: all@mail.test\r\n\r\n<script>alert(1)</script>'
    await database.db('users').where({ id: 'ann' }).update({ display_name: 'Ann\r\nCc: c@mail.test, "d"' })
    await rig.shareArrives('ann', 's1', {
      name: `<img src=x onerror=alert(1)>\u202e${evil}`,
      note: `<script>steal()</script>\n.\r\nRCPT TO:<e@mail.test>`,
      sender: { name: evil, address: 'jan@krakow.test' },
    })
    expect(smtp.mails[0]?.to).toEqual(['ann@mail.test'])
    const { headers, html } = rig.lastMail
    expect([...headers.keys()].filter((name) => ['bcc', 'cc', '', 'rcpt to'].includes(name))).toEqual([])
    expect(headers.get('to')).toContain('<ann@mail.test>')
    expect(html).not.toMatch(/<script|<img/)
    expect(html).toContain('&lt;script&gt;steal()')
    expect(smtp.commands.filter((line) => line.startsWith('RCPT'))).toHaveLength(1)
  })

  it.each([
    'ann@mail.test, eve@mail.test',
    'ann@mail.test\r\nBcc: eve@mail.test',
    'Ann <ann@mail.test>',
    'no address',
    '',
  ])('never go to %j, which is not one address', async (email) => {
    await database.db('users').where({ id: 'ann' }).update({ email })
    await rig.shareArrives('ann', 's1')
    expect(await outbox()).toEqual([])
    expect(smtp.connections).toBe(0)
  })

  it('wait while the server is away, ask it ever more rarely, and arrive when it is back', async () => {
    await smtp.stop()
    await rig.shareArrives('ann', 's1')
    await rig.shareArrives('bob', 's2')
    expect((await outbox()).map(({ tries }) => tries).sort()).toEqual([0, 1])
    for (let minutes = 0; minutes < 5 * 60; minutes += 1) {
      rig.clock.pass(MINUTE_MS)
      await rig.room.round()
    }
    const tries = (await outbox()).reduce((sum, row) => sum + row.tries, 0)
    expect(tries).toBeGreaterThan(3)
    expect(tries).toBeLessThan(30)
    await smtp.start()
    for (let hours = 0; hours < 5; hours++) {
      rig.clock.pass(HOUR_MS)
      await rig.room.round()
    }
    expect(smtp.mails.map(({ to }) => to[0]).sort()).toEqual(['ann@mail.test', 'bob@mail.test'])
  })

  it('are given up after days', async () => {
    await smtp.stop()
    await rig.shareArrives('ann', 's1')
    for (let hours = 0; hours < 100; hours += 4) {
      rig.clock.pass(4 * HOUR_MS)
      await rig.room.round()
    }
    expect(await outbox()).toMatchObject([{ state: 'failed', message_sealed: null }])
    await smtp.start()
  })

  it('are given up at once when the server knows no such recipient; others are sent', async () => {
    options.onRecipient = (to) => (to.startsWith('ann') ? '550 5.1.1 no such user' : undefined)
    await rig.shareArrives('ann', 's1')
    await rig.shareArrives('bob', 's2')
    expect(smtp.mails.map(({ to }) => to)).toEqual([['bob@mail.test']])
    const failed = (await outbox()).find(({ state }) => state === 'failed')
    expect(failed?.last_error).toContain('550')
  })

  it('come later when the server says so, and do not hold up others', async () => {
    let isBusy = true
    options.onRecipient = (to) => (isBusy && to.startsWith('ann') ? '450 4.2.0 greylisted' : undefined)
    await rig.shareArrives('ann', 's1')
    await rig.shareArrives('bob', 's2')
    expect(smtp.mails).toHaveLength(1)
    isBusy = false
    rig.clock.pass(2 * MINUTE_MS)
    await rig.room.round()
    expect(smtp.mails).toHaveLength(2)
  })

  it('are sent once by two processes, and by the other one when the first has died', async () => {
    const other = new MailRig(database.db, smtp, { clock: rig.clock })
    for (let count = 0; count < 10; count++) {
      const subjectId = `p${count}`
      const facts = { label: subjectId }
      await rig.notifications.tellOnce({ userId: 'ann', kind: 'app-password.created', subjectId, facts })
    }
    await Promise.all([rig.room.round(), other.room.round(), rig.room.round(), other.room.round()])
    const subjects = rig.mails.map(({ headers }) => headers.get('subject'))
    expect(subjects).toHaveLength(10)
    expect(new Set(subjects).size).toBe(10)
    const facts = { label: 'late' }
    await smtp.stop()
    await rig.notifications.tellOnce({ userId: 'ann', kind: 'app-password.created', subjectId: 'q', facts })
    await rig.room.round()
    await database.db('mail_outbox').where('state', 'waiting').update({ next_try_at_ms: 0 })
    const nowMs = rig.clock.nowMs()
    expect(await rig.room.outbox?.repo.claim(nowMs, nowMs + 10 * MINUTE_MS)).toBeDefined()
    await smtp.start()
    await other.room.round()
    expect(smtp.mails).toHaveLength(10)
    rig.clock.pass(11 * MINUTE_MS)
    await other.room.round()
    expect(smtp.mails).toHaveLength(11)
  })

  it('are off, at once, or in a digest, as everybody wants', async () => {
    await rig.room.settings.choose('ann', [
      ['app-password.created', 'daily'],
      ['share.received', 'off'],
    ])
    await rig.room.settings.choose('bob', [['app-password.created', 'weekly']])
    await rig.shareArrives('ann', 's1')
    for (const userId of ['ann', 'bob']) {
      for (const subjectId of ['one', 'two', 'gone']) {
        const facts = { label: subjectId }
        await rig.notifications.tellOnce({ userId, kind: 'app-password.created', subjectId, facts })
      }
    }
    await rig.room.round()
    expect(smtp.mails).toEqual([])
    const gone = (await rig.notifications.list('ann')).find(({ subjectId }) => subjectId === 'gone')
    await rig.notifications.dismiss('ann', gone?.id ?? 0)
    rig.clock.pass(DAY_MS)
    await rig.room.round()
    expect(smtp.mails).toHaveLength(1)
    expect(rig.lastMail.headers.get('subject')).toBe('2 notifications of today')
    expect(rig.lastMail.text).toContain('• A new app password: "one"\n')
    expect(rig.lastMail.text).not.toContain('gone')
    rig.clock.pass(7 * DAY_MS)
    await rig.room.round()
    await rig.room.round()
    expect(smtp.mails).toHaveLength(2)
    expect(rig.lastMail.headers.get('subject')).toBe('3 notifications of this week')
  })

  it('say nothing of what is old, or was answered before there was a mail', async () => {
    rig.shares.add('ann', 's1')
    await rig.notifications.tellOnce({ userId: 'ann', kind: 'share.received', subjectId: 's1', facts: {} })
    rig.shares.waiting = []
    const old = {
      userId: 'ann',
      kind: 'app-password.created',
      subjectId: 'old',
      facts: { label: 'old' },
    } as const
    await rig.notifications.tellOnce(old)
    await database.db('notifications').where({ subject_id: 'old' }).update({ created_at_ms: 1 })
    await rig.room.round()
    expect(smtp.mails).toEqual([])
    expect(await database.db('notifications').whereNot('mail', 'done')).toEqual([])
  })

  it('lie closed in the database, for their links act for their reader', async () => {
    await smtp.stop()
    await rig.shareArrives('ann', 's1', { name: 'sky.fits' })
    const [row] = await outbox()
    expect(row?.message_sealed).toMatch(/^v1\./)
    expect(JSON.stringify(row)).not.toMatch(/sky|token/)
    await smtp.start()
  })

  describe('with invitations', () => {
    const invitation = (email: string) => ({
      ...{ userId: 'ann', email, inviterName: 'Ann\r\nBcc: x@y', inviterAddress: 'ann@leiden.test' },
      ...{ link: `${PUBLIC_URL}/wayf?token=t0`, inviteString: 'code', token: 't0', host: 'leiden.test' },
      expiresAtMs: rig.clock.nowMs() + DAY_MS,
    })
    const invite = async (email: string) => {
      await rig.room.invitations?.check('ann', email)
      await rig.room.invitations?.send(invitation(email))
    }

    it('go to strangers, and only so many a day', async () => {
      rig = new MailRig(database.db, smtp, { mail: { strangersPerDay: 2 } })
      await invite('one@far.test')
      await invite('two@far.test')
      await expect(invite('three@far.test')).rejects.toMatchObject({ status: 429 })
      const both = [
        rig.room.invitations?.send(invitation('4@far.test')),
        rig.room.invitations?.send(invitation('5@far.test')),
      ]
      expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      await rig.room.round()
      expect(smtp.mails.map(({ to }) => to[0])).toEqual(['one@far.test', 'two@far.test'])
      const { headers, text } = rig.lastMail
      expect(headers.get('subject')).toBe('Ann Bcc: x@y invites you to share files')
      expect(headers.has('bcc')).toBe(false)
      expect(text).toContain(`${PUBLIC_URL}/wayf?token=t0`)
      rig.clock.pass(DAY_MS + 1)
      await invite('three@far.test')
    })

    it('never go again to who wants none', async () => {
      await invite('one@far.test')
      await rig.room.round()
      const token = tokenIn(rig.lastMail.text, 'refuse')
      expect((await rig.room.pages.open('refuse', token, false))?.status).toBe(200)
      await invite('one@far.test')
      expect((await rig.room.pages.open('refuse', token, true))?.status).toBe(200)
      await expect(invite('One@Far.test')).rejects.toMatchObject({ status: 409, code: 'MAIL_REFUSED' })
    })
  })
})

describe('the time of digests', () => {
  it.each([
    ['daily', '2026-11-21T05:59:59.999Z', '2026-11-21T06:00:00.000Z'],
    ['daily', '2026-11-21T06:00:00.000Z', '2026-11-22T06:00:00.000Z'],
    ['weekly', '2026-11-21T16:00:00.000Z', '2026-11-23T06:00:00.000Z'],
    ['weekly', '2026-11-23T06:00:00.000Z', '2026-11-30T06:00:00.000Z'],
  ] as const)('%s after %s is %s', (frequency, from, next) => {
    expect(new Date(nextDigestMs(frequency, Date.parse(from))).toISOString()).toBe(next)
  })
})
