import { type FakeAnswer, isObject } from './http-server.ts'

/** How Reva and its forks word a refusal: indented, a code and a message. */
export function coded(status: number, code: string, message: string): FakeAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code, message }, null, 2),
  }
}

export const invalidParameter = (message: string) => coded(400, 'INVALID_PARAMETER', message)

const SHARE_MEMBERS = [
  'shareWith',
  'name',
  'providerId',
  'owner',
  'sender',
  'shareType',
  'resourceType',
  'protocol',
]

/** The refusal of a share that lacks a member, worded by Go's validator. */
export function missingMember(wire: Record<string, unknown>): FakeAnswer | undefined {
  const missing = SHARE_MEMBERS.find((name) => !wire[name])
  if (missing === undefined) return undefined
  const name = missing.charAt(0).toUpperCase() + missing.slice(1)
  return invalidParameter(
    `Key: 'createShareRequest.${name}' Error:Field validation for '${name}' failed on the 'required' tag`,
  )
}

/** The refusal of a protocol object with a member that is not known. */
export function unknownProtocol(protocol: unknown, known: readonly string[]): FakeAnswer | undefined {
  if (!isObject(protocol)) return invalidParameter('protocol is not an object')
  const stranger = Object.keys(protocol).find((name) => !['name', 'options', ...known].includes(name))
  return stranger === undefined ? undefined : invalidParameter(`protocol ${stranger} not recognised`)
}

export function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** id@host, cut at the last `@`, a scheme before the host removed. */
export function splitOcmAddress(text: unknown): { id: string; host: string } {
  const address = String(text)
  const at = address.lastIndexOf('@')
  return { id: address.slice(0, at), host: address.slice(at + 1).replace(/^https?:\/\//, '') }
}
