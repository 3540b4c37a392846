import { z } from 'zod'
import { cleanLine, headerSecret } from '../foreign-text.ts'
import type { OcmWebapp } from '../types.ts'

const MAX_URI_LENGTH = 4_000
const PERMISSIONS: readonly OcmWebapp['permissions'][number][] = ['view', 'read', 'write', 'share']

const address = z
  .string()
  .min(1)
  .max(MAX_URI_LENGTH)
  .regex(/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i)

const wireWebapp = z.looseObject({
  uri: address.nullish(),
  uriTemplate: address.nullish(),
  sharedSecret: headerSecret.nullish(),
  targets: z.array(z.unknown()).nullish(),
  permissions: z.array(z.unknown()).nullish(),
  viewMode: z.unknown().optional(),
  appName: z
    .string()
    .nullish()
    .catch(null)
    .transform((name) => cleanLine(name ?? '', 100)),
})

/**
 * Reads `protocol.webapp` of a share: that of OCM 1.4, and the one of 1.1 to 1.3, which says `uriTemplate` (or
 * `uri`) and `viewMode`. It stands beside WebDAV, so one that cannot be opened is passed over and the share is
 * taken without: undefined, and never a refusal.
 */
export function readWebapp(protocol: Record<string, unknown>): OcmWebapp | undefined {
  const wire = wireWebapp.safeParse(protocol.webapp).data
  const uri = wire?.uri ?? wire?.uriTemplate
  if (wire === undefined || uri === null || uri === undefined) return undefined
  const targets = wire.targets ?? undefined
  const isModern = targets !== undefined
  // Without a secret nothing can be exchanged; without `blank` it needs a frame, of which we have none.
  if (isModern && (!wire.sharedSecret || !targets.includes('blank'))) return undefined
  const granted = isModern ? (wire.permissions ?? []) : [wire.viewMode]
  return {
    uri,
    ...(wire.sharedSecret ? { sharedSecret: wire.sharedSecret } : {}),
    permissions: PERMISSIONS.filter((word) => granted.includes(word)),
    appName: wire.appName,
    isModern,
  }
}
