import type { TakenMail } from './fake-smtp.ts'

/** A mail as its reader sees it. */
export interface ReadMail {
  /** Header fields by lower-case name, unfolded, encoded words (RFC 2047) decoded. */
  headers: Map<string, string>
  text: string
  html: string
}

/** Takes a mail apart. */
export function readMail({ raw }: Pick<TakenMail, 'raw'>): ReadMail {
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1]
  const parts = boundary === undefined ? [raw] : raw.split(`--${boundary}`).slice(1, -1)
  return { headers: headersOf(raw), text: bodyOf(parts, 'text/plain'), html: bodyOf(parts, 'text/html') }
}

function headersOf(raw: string): Map<string, string> {
  const [head = ''] = raw.split('\r\n\r\n')
  const fields = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n')
  return new Map(
    fields.map((field) => {
      const at = field.indexOf(':')
      return [field.slice(0, at).toLowerCase(), decodeWords(field.slice(at + 1).trim())]
    }),
  )
}

function bodyOf(parts: readonly string[], type: string): string {
  const part = parts.find((one) => one.includes(`Content-Type: ${type}`)) ?? ''
  const body = part.slice(part.indexOf('\r\n\r\n') + 4)
  return decodeBody(part, body).replaceAll('\r\n', '\n')
}

function decodeBody(part: string, body: string): string {
  if (/transfer-encoding: base64/i.test(part)) return Buffer.from(body, 'base64').toString('utf8')
  if (/transfer-encoding: quoted-printable/i.test(part)) return decodeQuoted(body.replaceAll('=\r\n', ''))
  return body
}

function decodeWords(text: string): string {
  const joined = text.replaceAll(/\?=\s+=\?/g, '?==?')
  return joined.replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, form: string, content: string) =>
    form.toLowerCase() === 'b'
      ? Buffer.from(content, 'base64').toString('utf8')
      : decodeQuoted(content.replaceAll('_', ' ')),
  )
}

function decodeQuoted(text: string): string {
  const escaped = text.replaceAll(/[^\x00-\x7f]/g, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
  )
  const bytes = escaped.replaceAll(/=([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
