import { type OpenedNode, withDatabase } from './admin-database.ts'
import { readKeys } from './node-keys.ts'
import {
  createKeysOf,
  createPeerKeysOf,
  createTrustOf,
  type OwnKey,
  type OwnKeys,
  type PinnedKey,
  type Trust,
} from './ocm/index.ts'
import { systemClock } from './platform/clock.ts'
import { createSeal } from './platform/seal.ts'

export type TrustList = 'allowed' | 'denied'

/** Puts a host on the allow list or the deny list, and takes it off the other; returns it as stored. */
export function trustHost(folder: string, host: string, list: TrustList = 'allowed'): Promise<string> {
  return withTrust(folder, (trust) => trust.add(host, list))
}

/** False when the host was not on the list. */
export function removeTrust(folder: string, host: string, list: TrustList): Promise<boolean> {
  return withTrust(folder, (trust) => trust.remove(host, list))
}

/** Every host of both lists. */
export function listTrust(folder: string): Promise<{ host: string; list: TrustList }[]> {
  return withTrust(folder, async (trust) => {
    const of = async (list: TrustList) => (await trust.list(list)).map((host) => ({ host, list }))
    return [...(await of('allowed')), ...(await of('denied'))]
  })
}

/** The keys this node signs with, newest first. */
export function listKeys(folder: string): Promise<OwnKey[]> {
  return withKeys(folder, (keys) => keys.list())
}

/** Makes a key that is published and does not sign yet. */
export function stageKey(folder: string, kind: OwnKey['kind']): Promise<OwnKey> {
  return withKeys(folder, (keys) => keys.stage(kind))
}

/** Lets a staged key sign, the newest one unless named. Throws `ConflictError` when none is staged. */
export function activateKey(folder: string, kid?: string): Promise<OwnKey> {
  return withKeys(folder, (keys) => keys.activate(kid))
}

/** Ends a key that does not sign any more. Throws `ConflictError` for the one that does. */
export function retireKey(folder: string, kid: string): Promise<OwnKey> {
  return withKeys(folder, (keys) => keys.retire(kid))
}

/** The keys that peers signed with, of all or of one. */
export function listPeerKeys(folder: string, host?: string): Promise<PinnedKey[]> {
  return withDatabase(folder, (opened) => createPeerKeysOf(opened).list(host))
}

/**
 * Takes the changed key of a peer; returns its host as stored. Throws `NotFoundError` when none is held, and
 * `ConflictError` when another than `fingerprint` is.
 */
export function acceptPeerKey(folder: string, host: string, fingerprint?: string): Promise<string> {
  return withDatabase(folder, (opened) => createPeerKeysOf(opened).accept(host, fingerprint))
}

/** Forgets the keys of a peer, and that it signs. Throws `NotFoundError` when nothing is known. */
export function forgetPeer(folder: string, host: string): Promise<string> {
  return withDatabase(folder, (opened) => createPeerKeysOf(opened).forget(host))
}

function withTrust<T>(folder: string, work: (trust: Trust) => Promise<T>): Promise<T> {
  return withDatabase(folder, ({ db, config }) => work(createTrustOf({ config, db, clock: systemClock })))
}

function withKeys<T>(folder: string, work: (keys: OwnKeys) => Promise<T>): Promise<T> {
  return withDatabase(folder, async (opened) => work(await keysOf(opened)))
}

async function keysOf({ folder, config, db }: OpenedNode): Promise<OwnKeys> {
  const { nodeKey, signingKeys } = await readKeys(folder)
  return createKeysOf({ config, db, clock: systemClock, seal: createSeal(nodeKey), keys: signingKeys })
}
