import { SingleFlight } from '../../platform/bounded-cache.ts'
import { BadRequestError, ConflictError } from '../../platform/errors.ts'
import type { PublicJwk } from './algorithms.ts'
import { addressKid, type KeyKind, type NewKey, type PrivateKey, toPem, toPrivateKey } from './keys.ts'
import {
  findActive,
  importedRows,
  newKey,
  newRow,
  type OwnKey,
  type OwnKeySources,
  publishedOf,
  toOwnKey,
} from './own-key-rows.ts'
import type { KeyState, OwnKeyRow, OwnKeysRepo } from './own-keys-repo.ts'
import type { SignatureForm } from './signature-form.ts'

/** Other processes of the node, and commands, change keys; so long one may go on with what it read. */
const KEEP_MS = 5_000

/** The keys this node signs with, and their rotation. */
export interface OwnKeys {
  /**
   * What peers verify RFC 9421 with: every Ed25519 key that is not retired, the signing one first, and at
   * the end the same ones under the ids of draft-05.
   */
  listPublished(): Promise<PublicJwk[]>
  /** What draft-cavage peers verify with; undefined as long as this node never signed so. */
  findPublicKey(): Promise<{ keyId: string; publicKeyPem: string } | undefined>
  /** The key that signs in this form. The RSA key is made when it is first asked for. */
  getSigning(form: SignatureForm): Promise<PrivateKey>
  list(): Promise<OwnKey[]>
  /** Makes a key that is published and does not sign yet. */
  stage(kind: KeyKind): Promise<OwnKey>
  /** Lets a staged key sign; without `kid` the newest one. Throws `ConflictError` when none is staged. */
  activate(kid?: string): Promise<OwnKey>
  /** Ends a key that does not sign. Throws `ConflictError` for the one that does. */
  retire(kid: string): Promise<OwnKey>
}

export interface OwnKeysOptions extends OwnKeySources {
  repo: OwnKeysRepo
}

/** Keys in SQL, the private halves sealed; read anew every few seconds. */
export function createOwnKeys(options: OwnKeysOptions): OwnKeys {
  const { repo, clock } = options
  const flights = new SingleFlight<OwnKeyRow[]>()
  const opened = new Map<string, PrivateKey>()
  let known: { rows: OwnKeyRow[]; untilMs: number } | undefined
  const read = async (): Promise<OwnKeyRow[]> => {
    let rows = await repo.list()
    if (!rows.some((row) => row.kind === 'ed25519')) {
      await repo.insert(importedRows(options))
      rows = await repo.list()
    }
    known = { rows, untilMs: clock.nowMs() + KEEP_MS }
    return rows
  }
  const current = async () =>
    known !== undefined && clock.nowMs() < known.untilMs ? known.rows : flights.run('rows', read)
  const afterChange = async (kid: string): Promise<OwnKey> => {
    const row = (await read()).find((one) => one.kid === kid)
    if (row === undefined) throw unknownKey(kid)
    return toOwnKey(row)
  }
  const add = async (key: NewKey, state: KeyState) => repo.insert([newRow(options, key, state)])
  const open = (row: OwnKeyRow): PrivateKey => {
    const key = opened.get(row.kid) ?? toPrivateKey(row.kid, options.seal.open(row.private_sealed ?? ''))
    opened.set(row.kid, key)
    return key
  }
  return {
    listPublished: async () => publishedOf(await current(), options.endPoint),
    async findPublicKey() {
      const row = findActive(await read(), 'rsa')
      return row && { keyId: row.kid, publicKeyPem: toPem(JSON.parse(row.public_jwk)) }
    },
    async getSigning(form) {
      const kind = form === 'cavage' ? 'rsa' : 'ed25519'
      // Of RSA keys only one can be published, so the process that signs and the one that publishes must agree.
      let row = findActive(await (kind === 'rsa' ? read() : current()), kind)
      if (row === undefined && kind === 'rsa') {
        await add(await newKey(options, kind, await repo.list()), 'active')
        row = findActive(await read(), kind)
      }
      if (row === undefined)
        throw new Error('There is no signing key; restore the folder keys/ from the backup.')
      const { kid, key } = open(row)
      return { key, kid: form === 'draft-05' ? addressKid(kid, options.endPoint) : kid }
    },
    list: async () => (await read()).map(toOwnKey),
    async stage(kind) {
      const key = await newKey(options, kind, await repo.list())
      await add(key, 'staged')
      return afterChange(key.kid)
    },
    async activate(kid) {
      const staged = (await read()).filter((row) => row.state === 'staged')
      const row = kid === undefined ? staged[0] : staged.find((one) => one.kid === kid)
      if (row === undefined || !(await repo.activate(row, clock.nowMs()))) throw notStaged(kid)
      return afterChange(row.kid)
    },
    async retire(kid) {
      const row = (await read()).find((one) => one.kid === kid)
      if (row === undefined) throw unknownKey(kid)
      if (!(await repo.retire(kid, clock.nowMs())) && row.state === 'active') throw stillSigns(kid)
      opened.delete(kid)
      return afterChange(kid)
    },
  }
}

function unknownKey(kid: string): BadRequestError {
  return new BadRequestError(`There is no key ${kid}; see causeway keys list.`)
}

function notStaged(kid: string | undefined): ConflictError {
  const which = kid === undefined ? 'No key is staged' : `The key ${kid} is not staged`
  return new ConflictError(`${which}; make one with causeway keys stage.`)
}

function stillSigns(kid: string): ConflictError {
  return new ConflictError(`The key ${kid} signs; stage and activate another one first.`)
}
