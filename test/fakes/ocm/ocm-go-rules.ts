import type { TakenShare } from './fake-types.ts'
import { type FakeAnswer, isObject, json } from './http-server.ts'
import { isFilled } from './reva-common.ts'
import { Rfc9421Error } from './rfc9421.ts'

export interface OcmGoPeer {
  host: string
  endPoint: string
  jwksUri: string | undefined
  tokenEndPoint: string | undefined
  capabilities: string[]
  webdavPath: string
  wantsRelative: boolean
}

/** A refusal in the words of OCM 1.4. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function toPeer(host: string, found: Record<string, unknown>): OcmGoPeer {
  const types = Array.isArray(found.resourceTypes) ? found.resourceTypes.filter(isObject) : []
  const protocols = types.find((type) => type.name === 'file')?.protocols
  const webdav = isObject(protocols) ? protocols : {}
  const receive = webdav['webdav-receive']
  return {
    ...{ host, endPoint: String(found.endPoint), webdavPath: String(webdav.webdav ?? '') },
    jwksUri: isFilled(found.jwksUri) ? found.jwksUri : undefined,
    tokenEndPoint: isFilled(found.tokenEndPoint) ? found.tokenEndPoint : undefined,
    capabilities: Array.isArray(found.capabilities) ? found.capabilities.map(String) : [],
    wantsRelative: isObject(receive) && receive.uri === 'relative',
  }
}

/** Exactly one protocol with exactly these words in it; the address relative. */
export function readAccess(protocol: unknown): Pick<TakenShare, 'uri' | 'secret'> {
  if (!isObject(protocol) || protocol.name !== 'multi' || !isObject(protocol.webdav))
    throw new Refusal(501, 'PROTOCOL_NOT_SUPPORTED')
  if (Object.keys(protocol).some((name) => !['name', 'webdav'].includes(name)))
    throw new Refusal(501, 'PROTOCOL_NOT_SUPPORTED')
  const { uri, sharedSecret, permissions, requirements, accessTypes } = protocol.webdav
  const isExactly = (value: unknown, word: string) =>
    Array.isArray(value) && value.length === 1 && value[0] === word
  if (!isExactly(permissions, 'read')) throw new Refusal(501, 'PROTOCOL_NOT_SUPPORTED')
  if (!isExactly(requirements, 'must-exchange-token')) throw new Refusal(501, 'PROTOCOL_NOT_SUPPORTED')
  if (accessTypes !== undefined && !isExactly(accessTypes, 'remote'))
    throw new Refusal(501, 'PROTOCOL_NOT_SUPPORTED')
  if (!isFilled(sharedSecret)) throw new Refusal(400, 'REQUIRED')
  if (!isFilled(uri) || /^[a-z][a-z0-9+.-]*:/i.test(uri) || uri.startsWith('/'))
    throw new Refusal(501, 'PROTOCOL_NOT_SUPPORTED')
  return { uri, secret: sharedSecret }
}

export function invalidMembers(names: string[], message: string): FakeAnswer {
  return json(400, {
    message: 'INVALID_PARAMETERS',
    validationErrors: names.map((name) => ({ name, message })),
  })
}

export function refusable<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof Rfc9421Error)) throw error
    throw new Refusal(401, error.kind === 'unsigned' ? 'SIGNATURE_REQUIRED' : 'SIGNATURE_INVALID')
  }
}
