import type { Clock } from '../../platform/clock.ts'
import { newSecret } from '../../platform/ids.ts'
import type { Seal } from '../../platform/seal.ts'
import type { PublicJwk } from './algorithms.ts'
import {
  addressKid,
  generateRsaKey,
  generateSigningKey,
  type KeyKind,
  type NewKey,
  type SigningJwk,
  toNewKey,
} from './keys.ts'
import type { KeyState, OwnKeyRow } from './own-keys-repo.ts'

/** A key of this node as it may be shown. */
export interface OwnKey {
  kid: string
  kind: KeyKind
  state: KeyState
  createdAtMs: number
  changedAtMs: number
}

/** What keys are made from. */
export interface OwnKeySources {
  seal: Seal
  clock: Clock
  /** Our OCM host and the base of our endpoints: what key ids begin with. */
  host: string
  endPoint: string
  /** The keys of the folder `keys/`, newest first; taken over when the database has none. */
  fileKeys: readonly SigningJwk[]
}

/** The keys of the folder, for a database that has none: the newest signs. Throws when there is none. */
export function importedRows(options: OwnKeySources): OwnKeyRow[] {
  if (options.fileKeys.length === 0) {
    throw new Error('Neither the database nor the folder keys/ has a signing key; restore the backup.')
  }
  return options.fileKeys.map((key, index) =>
    newRow(options, toNewKey(key), index === 0 ? 'active' : 'retiring'),
  )
}

export function newRow({ seal, clock }: OwnKeySources, key: NewKey, state: KeyState): OwnKeyRow {
  const nowMs = clock.nowMs()
  return {
    ...{ kid: key.kid, kind: key.kind, state, public_jwk: JSON.stringify(key.publicJwk) },
    private_sealed: seal.seal(key.privateJwk),
    ...{ created_at_ms: nowMs, changed_at_ms: nowMs },
  }
}

/** The first RSA key has the id that Nextcloud gives its own; later ones have a random end. */
export async function newKey(
  { host, endPoint }: OwnKeySources,
  kind: KeyKind,
  rows: readonly OwnKeyRow[],
): Promise<NewKey> {
  if (kind === 'ed25519') return toNewKey(generateSigningKey(host).privateJwk)
  const isFirst = !rows.some((row) => row.kind === 'rsa')
  return generateRsaKey(`${endPoint}#signature${isFirst ? '' : `-${newSecret(6)}`}`)
}

/** See `OwnKeys.listPublished`. */
export function publishedOf(rows: readonly OwnKeyRow[], endPoint: string): PublicJwk[] {
  const published = rows.filter((row) => row.kind === 'ed25519' && row.state !== 'retired')
  const signingFirst = [
    ...published.filter((row) => row.state === 'active'),
    ...published.filter((row) => row.state !== 'active'),
  ].map((row): PublicJwk => JSON.parse(row.public_jwk))
  const underAddresses = signingFirst.map((jwk) => ({ ...jwk, kid: addressKid(jwk.kid, endPoint) }))
  const isOther = (jwk: PublicJwk) => signingFirst.every((one) => one.kid !== jwk.kid)
  return [...signingFirst, ...underAddresses.filter(isOther)]
}

export function findActive(rows: readonly OwnKeyRow[], kind: KeyKind): OwnKeyRow | undefined {
  return rows.find((row) => row.kind === kind && row.state === 'active')
}

export function toOwnKey(row: OwnKeyRow): OwnKey {
  const { kid, kind, state } = row
  return { kid, kind, state, createdAtMs: row.created_at_ms, changedAtMs: row.changed_at_ms }
}
