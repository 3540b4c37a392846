import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeSmtp, type FakeSmtpOptions } from './smtp/fake-smtp.ts'
import { readMail } from './smtp/read-mail.ts'

let fake: FakeSmtp

afterEach(() => fake.stop())

/** Says lines as they are and gives the code of the last line of every answer. */
async function dialogue(options: FakeSmtpOptions, lines: readonly string[]): Promise<string[]> {
  fake = await new FakeSmtp(options).start()
  const socket = connect(fake.address).setEncoding('utf8')
  socket.on('connect', () => socket.write(`${lines.join('\r\n')}\r\n`))
  let answers = ''
  for await (const chunk of socket) answers += chunk
  return [...answers.matchAll(/^(\d{3}) /gm)].map((match) => match[1] ?? '')
}

describe('the fake mail server', () => {
  it('takes a mail, with its dots unstuffed', async () => {
    const content = ['Subject: =?utf-8?Q?caf=C3=A9_au?= =?utf-8?B?IGxhaXQ=?=', '', '..one', 'two', '.']
    const codes = await dialogue({}, [
      'EHLO me',
      'MAIL FROM:<a@x>',
      'RCPT TO:<b@y>',
      'DATA',
      ...content,
      'QUIT',
    ])
    expect(codes).toEqual(['220', '250', '250', '250', '354', '250', '221'])
    expect(fake.mails).toMatchObject([{ from: 'a@x', to: ['b@y'], isEncrypted: false }])
    expect(fake.mails[0]?.raw).toContain('\r\n\r\n.one\r\ntwo')
    expect(readMail(fake.mails[0] ?? { raw: '' }).headers.get('subject')).toBe('café au lait')
  })

  it('keeps to the order, to addresses, and to what it was told to refuse', async () => {
    const onRecipient = (to: string) => (to === 'gone@y' ? '550 5.1.1 no such user' : undefined)
    const codes = await dialogue({ onRecipient }, [
      'RCPT TO:<b@y>',
      'DATA',
      'MAIL FROM:nobody',
      'MAIL FROM:<a@x>',
      'RCPT TO:<gone@y>',
      'BREW',
      'QUIT',
    ])
    expect(codes).toEqual(['220', '503', '503', '501', '250', '550', '502', '221'])
    expect(fake.mails).toEqual([])
  })

  it('takes no mail without a password where one is needed', async () => {
    const right = Buffer.from('\0ann\0secret').toString('base64')
    const wrong = Buffer.from('\0ann\0guess').toString('base64')
    const codes = await dialogue({ login: { user: 'ann', password: 'secret' } }, [
      'MAIL FROM:<a@x>',
      `AUTH PLAIN ${wrong}`,
      `AUTH PLAIN ${right}`,
      'MAIL FROM:<a@x>',
      'QUIT',
    ])
    expect(codes).toEqual(['220', '530', '535', '235', '250', '221'])
  })

  it('takes no mail before STARTTLS where that is offered', async () => {
    const codes = await dialogue({ tls: { cert: '', key: '' } }, ['EHLO me', 'MAIL FROM:<a@x>', 'QUIT'])
    expect(codes).toEqual(['220', '250', '530', '221'])
  })
})
