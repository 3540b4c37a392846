import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { SmtpConversation } from './smtp-conversation.ts'

/** A mail as the server took it. */
export interface TakenMail {
  from: string
  to: string[]
  /** Header and body as they came, dots unstuffed. */
  raw: string
  isEncrypted: boolean
  user?: string
}

export interface FakeSmtpOptions {
  /** Offers STARTTLS with these PEMs, and takes no mail before. */
  tls?: { cert: string; key: string }
  /** Demands AUTH. */
  login?: { user: string; password: string }
  /** The answer to RCPT TO of an address, such as `550 no such user`; undefined: taken. */
  onRecipient?: (address: string) => string | undefined
  /** The answer after DATA instead of 250. */
  onData?: () => string | undefined
}

/** A mail server on loopback: RFC 5321 with 8BITMIME, STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4954). */
export class FakeSmtp {
  readonly mails: TakenMail[] = []
  readonly commands: string[] = []
  connections = 0
  private readonly options: FakeSmtpOptions
  private server: Server | undefined
  private readonly sockets = new Set<Socket>()
  private port = 0

  constructor(options: FakeSmtpOptions = {}) {
    this.options = options
  }

  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port }
  }

  /** On the port it had before, if any. */
  async start(): Promise<this> {
    const server = createServer((socket) => this.talk(socket))
    this.server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, '127.0.0.1', resolve)
    })
    this.port = (server.address() as AddressInfo).port
    return this
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise<void>((resolve) => {
      if (this.server === undefined) resolve()
      else this.server.close(() => resolve())
    })
  }

  private talk(socket: Socket): void {
    this.connections++
    this.sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => this.sockets.delete(socket))
    new SmtpConversation(socket, this, this.options).greet()
  }
}
