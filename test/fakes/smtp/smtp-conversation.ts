import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { FakeSmtp, FakeSmtpOptions } from './fake-smtp.ts'

/** One connection to the fake mail server. */
export class SmtpConversation {
  private socket: Socket
  private readonly fake: FakeSmtp
  private readonly options: FakeSmtpOptions
  private buffered = ''
  private isEncrypted = false
  private user: string | undefined
  private from: string | undefined
  private to: string[] = []
  /** Set while lines are no commands. */
  private takeLine: ((line: string) => void) | undefined
  private readonly verbs: Record<string, (argument: string) => void> = {
    EHLO: () => this.hello(),
    HELO: () => this.hello(),
    STARTTLS: () => this.startTls(),
    AUTH: (argument) => this.authenticate(argument),
    MAIL: (argument) => this.mail(argument),
    RCPT: (argument) => this.recipient(argument),
    DATA: () => this.data(),
    RSET: () => this.forget(),
    NOOP: () => this.say('250 ok'),
    QUIT: () => this.quit(),
  }

  constructor(socket: Socket, fake: FakeSmtp, options: FakeSmtpOptions) {
    this.socket = socket
    this.fake = fake
    this.options = options
    this.listen()
  }

  greet(): void {
    this.say('220 fake.test ESMTP')
  }

  private listen(): void {
    this.socket.setEncoding('utf8')
    this.socket.on('data', (chunk: string) => {
      this.buffered += chunk
      for (let end = this.buffered.indexOf('\r\n'); end >= 0; end = this.buffered.indexOf('\r\n')) {
        const line = this.buffered.slice(0, end)
        this.buffered = this.buffered.slice(end + 2)
        if (this.takeLine !== undefined) this.takeLine(line)
        else this.command(line)
      }
    })
  }

  private say(...lines: string[]): void {
    const last = lines.length - 1
    const text = lines.map((line, index) => (index < last ? line.replace(/^(\d{3}) /, '$1-') : line))
    if (!this.socket.destroyed) this.socket.write(`${text.join('\r\n')}\r\n`)
  }

  private command(line: string): void {
    this.fake.commands.push(line)
    const at = line.indexOf(' ')
    const verb = (at < 0 ? line : line.slice(0, at)).toUpperCase()
    const run = this.verbs[verb]
    if (run === undefined) this.say('502 not implemented')
    else run(at < 0 ? '' : line.slice(at + 1))
  }

  private hello(): void {
    const offersTls = this.options.tls !== undefined && !this.isEncrypted
    this.say(
      '250 fake.test',
      ...(offersTls ? ['250 STARTTLS'] : []),
      ...(this.options.login !== undefined ? ['250 AUTH PLAIN'] : []),
      '250 8BITMIME',
    )
  }

  private startTls(): void {
    if (this.options.tls === undefined) return void this.say('502 not implemented')
    this.say('220 go ahead')
    const plain = this.socket
    plain.removeAllListeners('data')
    const secureContext = createSecureContext(this.options.tls)
    const secured = new TLSSocket(plain, { isServer: true, secureContext })
    secured.on('error', () => plain.destroy())
    this.socket = secured
    this.isEncrypted = true
    // What came before the handshake must not count after it (RFC 3207 4.2).
    this.buffered = ''
    this.reset()
    this.listen()
  }

  private authenticate(argument: string): void {
    const [mechanism = '', initial] = argument.split(' ')
    if (mechanism.toUpperCase() !== 'PLAIN') return void this.say('504 not that one')
    const check = (text: string) => {
      this.takeLine = undefined
      const [, user = '', password = ''] = Buffer.from(text, 'base64').toString('utf8').split('\0')
      const { login } = this.options
      if (user !== login?.user || password !== login.password)
        return void this.say('535 5.7.8 wrong password')
      this.user = user
      this.say('235 welcome')
    }
    if (initial !== undefined) return void check(initial)
    this.takeLine = check
    this.say('334 ')
  }

  private mail(argument: string): void {
    if (this.options.tls !== undefined && !this.isEncrypted) return void this.say('530 5.7.0 STARTTLS first')
    if (this.options.login !== undefined && this.user === undefined)
      return void this.say('530 5.7.0 AUTH first')
    const from = /^FROM:<([^<>]*)>/i.exec(argument)?.[1]
    if (from === undefined) return void this.say('501 5.5.4 no address')
    this.from = from
    this.say('250 ok')
  }

  private recipient(argument: string): void {
    const to = /^TO:<([^<>\s]+)>/i.exec(argument)?.[1]
    if (this.from === undefined) return void this.say('503 5.5.1 MAIL first')
    if (to === undefined) return void this.say('501 5.5.4 no address')
    const refusal = this.options.onRecipient?.(to)
    if (refusal !== undefined) return void this.say(refusal)
    this.to.push(to)
    this.say('250 ok')
  }

  private data(): void {
    if (this.to.length === 0) return void this.say('503 5.5.1 RCPT first')
    const lines: string[] = []
    this.say('354 end with a dot')
    this.takeLine = (line) => {
      if (line !== '.') return void lines.push(line.startsWith('.') ? line.slice(1) : line)
      this.takeLine = undefined
      const refusal = this.options.onData?.()
      if (refusal === undefined) this.take(lines.join('\r\n'))
      this.reset()
      this.say(refusal ?? '250 queued')
    }
  }

  private take(raw: string): void {
    const { from = '', to, isEncrypted, user } = this
    const mail = { from, to: [...to], raw, isEncrypted }
    this.fake.mails.push(user === undefined ? mail : { ...mail, user })
  }

  private forget(): void {
    this.reset()
    this.say('250 ok')
  }

  private quit(): void {
    this.say('221 bye')
    this.socket.end()
  }

  private reset(): void {
    this.from = undefined
    this.to = []
  }
}
