import { createTransport } from 'nodemailer'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import { oneLine } from '../plain-text.ts'
import { type MailFailure, MailRefusedError, type MailTransport, type OutgoingMail } from './mail-types.ts'

const CONNECT_MS = 20_000
/** Longest silence of the server; a mail is small. */
const SILENCE_MS = 60_000

export interface SmtpDeps {
  config: Config['mail']
  /** What the sender is called, and the address when the configuration names none. */
  site: { name: string; publicUrl: string }
  clock: Clock
  /** PEM of further certificate authorities. */
  extraCa?: string[] | undefined
  /** How long to wait for a connection. */
  connectMs?: number | undefined
}

/**
 * The operator's mail server, by SMTP. Undefined when none is configured. Its address is the operator's
 * choice, so it is asked wherever it is.
 */
export function createSmtpTransport(deps: SmtpDeps): MailTransport | undefined {
  const { config, site, clock, extraCa, connectMs = CONNECT_MS } = deps
  const { host } = config
  if (host === undefined) return undefined
  const smtp = createTransport({ ...connectionOf({ ...config, host }, connectMs), ...tlsOf(config, extraCa) })
  const address = config.from ?? `no-reply@${new URL(site.publicUrl).hostname}`
  const from = { name: oneLine(site.name, 80), address }
  const domain = new URL(site.publicUrl).hostname
  return {
    async send(mail, id) {
      const messageId = `<${id}@${domain}>`
      try {
        await smtp.sendMail({ ...toMessage(mail), from, messageId, date: new Date(clock.nowMs()) })
      } catch (error) {
        throw toRefusal(error)
      }
    },
    check: async () => void (await smtp.verify()),
    close: () => smtp.close(),
  }
}

function connectionOf({ host, port, user, password }: Config['mail'] & { host: string }, connectMs: number) {
  return {
    ...{ host, port },
    ...{ connectionTimeout: connectMs, greetingTimeout: connectMs, socketTimeout: SILENCE_MS },
    // Nothing in a message may make us read a file or ask another server.
    ...{ disableFileAccess: true, disableUrlAccess: true },
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
  }
}

function tlsOf({ secure }: Config['mail'], extraCa: string[] | undefined) {
  const trusted = extraCa === undefined ? {} : { tls: { ca: extraCa } }
  if (secure === 'tls') return { secure: true, ...trusted }
  return secure === 'starttls' ? { requireTLS: true, ...trusted } : { ignoreTLS: true }
}

function toMessage({ to, subject, text, html, unsubscribeUrl }: OutgoingMail) {
  return {
    ...{ to, subject: oneLine(subject, 250), text, html },
    headers: {
      // No answering machine is to answer (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      ...(unsubscribeUrl === undefined
        ? {}
        : {
            'List-Unsubscribe': { prepared: true, value: `<${unsubscribeUrl}>` },
            'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          }),
    },
  }
}

interface SmtpError {
  code?: string
  command?: string
  responseCode?: number
  message: string
}

function toRefusal(error: unknown): MailRefusedError {
  const { message } = error as SmtpError
  return new MailRefusedError(failureOf(error as SmtpError), oneLine(message, 500), error)
}

/** What the server says of the recipient or the message; everything else is about the server, or us. */
function failureOf({ code, command, responseCode }: SmtpError): MailFailure {
  const isOfMail = code === 'EENVELOPE' || code === 'EMESSAGE'
  if (!isOfMail || command === 'MAIL FROM') return 'server'
  if (responseCode === undefined) return 'permanent'
  // The server is on its way down, whatever was asked.
  if (responseCode === 421) return 'server'
  return responseCode >= 500 ? 'permanent' : 'mail'
}
