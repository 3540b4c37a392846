import type { FakeRequest } from './http-server.ts'

/** `Basic name:password`, or the bearer token; undefined for none. */
export function credentialOf(request: FakeRequest): { basic: string } | { bearer: string } | undefined {
  const [, scheme = '', value = ''] = /^(\S+) (.*)$/.exec(request.headers.authorization ?? '') ?? []
  if (scheme === 'Bearer') return { bearer: value }
  return scheme === 'Basic' ? { basic: Buffer.from(value, 'base64').toString('utf8') } : undefined
}

/** token@host, as invitations are passed on; base64 with or without padding. */
export function readInvite(text: string): { token: string; provider: string } {
  const plain = Buffer.from(text, 'base64url').toString('utf8')
  const at = plain.lastIndexOf('@')
  return { token: plain.slice(0, at), provider: plain.slice(at + 1) }
}

export function drop<T>(list: T[], item: T): void {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
}
