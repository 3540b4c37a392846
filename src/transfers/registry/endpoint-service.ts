import type { GroupDirectory } from '../../accounts/types.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Db } from '../../platform/db.ts'
import { BadRequestError, ConflictError, ForbiddenError, NotFoundError } from '../../platform/errors.ts'
import { newId } from '../../platform/ids.ts'
import type { Outbound } from '../../platform/outbound.ts'
import type { Seal } from '../../platform/seal.ts'
import { parseWebUrl } from '../web/web-url.ts'
import { addressOf, assertReachable, assertSameServer } from './endpoint-address.ts'
import { assertEndpoint } from './endpoint-rules.ts'
import {
  countEndpoints,
  deleteEndpoint,
  insertEndpoint,
  listEndpoints,
  updateEndpoint,
} from './endpoints-repo.ts'
import type { EndpointInput, TransferEndpoint } from './types.ts'

const MAX_PER_USER = 200

/** Who asks. */
export interface Asker {
  userId: string
  isAdmin: boolean
}

export interface EndpointServiceDeps {
  db: Db
  clock: Clock
  seal: Seal
  outbound: Outbound
  groups: Pick<GroupDirectory, 'listGroupsOf'>
}

/** What of an endpoint is changed; kind and owner stay. Secrets that are given replace all that were there. */
export type EndpointChange = {
  [K in keyof Omit<EndpointInput, 'kind' | 'shared'>]?: EndpointInput[K] | undefined
}

/** The endpoints of users and of the operator. What somebody may not use does not exist for them. */
export class EndpointService {
  private readonly deps: EndpointServiceDeps

  constructor(deps: EndpointServiceDeps) {
    this.deps = deps
  }

  /** One's own, and those of the operator that one may use. */
  async list(asker: Asker): Promise<TransferEndpoint[]> {
    const all = await listEndpoints(this.deps.db, asker.userId)
    const isLimited = all.some((endpoint) => endpoint.groupNames !== undefined)
    if (asker.isAdmin || !isLimited) return all
    const names = new Set((await this.deps.groups.listGroupsOf(asker.userId)).map((group) => group.name))
    return all.filter(({ groupNames }) => groupNames?.some((name) => names.has(name)) ?? true)
  }

  /** By id, or by name, one's own before those of the operator. Throws `NotFoundError`. */
  async get(asker: Asker, idOrName: string): Promise<TransferEndpoint> {
    const all = await this.list(asker)
    const byName = all.filter((endpoint) => endpoint.name === idOrName)
    const found =
      all.find((endpoint) => endpoint.id === idOrName) ??
      byName.find((endpoint) => endpoint.ownerUserId !== undefined) ??
      byName[0]
    if (found !== undefined) return found
    throw new NotFoundError(`There is no endpoint ${JSON.stringify(idOrName)} that you may use.`)
  }

  /** The endpoint that a URL lies in, the innermost one; its credential opens the URL. */
  async findByUrl(asker: Asker, url: string): Promise<TransferEndpoint | undefined> {
    const { origin, segments } = parseWebUrl(url)
    if (segments === undefined) return undefined
    const holding = (await this.list(asker)).flatMap((endpoint) => {
      if (endpoint.kind !== 'webdav' && endpoint.kind !== 'http') return []
      const root = parseWebUrl(endpoint.url ?? '')
      const names = root.segments ?? []
      const isInside = root.origin === origin && names.every((name, index) => segments[index] === name)
      return isInside
        ? [{ endpoint, depth: names.length, isOwn: endpoint.ownerUserId === undefined ? 0 : 1 }]
        : []
    })
    return holding.toSorted((a, b) => b.depth - a.depth || b.isOwn - a.isOwn)[0]?.endpoint
  }

  /** Throws `BadRequestError`, `ForbiddenError` for what only operators define, `ConflictError` for a name twice. */
  async create(asker: Asker, input: EndpointInput): Promise<TransferEndpoint> {
    const isShared = input.shared === true
    if (isShared && !asker.isAdmin) throw new ForbiddenError('Only operators define endpoints for others.')
    if (input.groups !== undefined && !isShared)
      throw new BadRequestError('Groups go with an endpoint of the operator only (shared).')
    const { db, clock } = this.deps
    if (!isShared && (await countEndpoints(db, asker.userId)) >= MAX_PER_USER)
      throw new ConflictError(`You have ${MAX_PER_USER} endpoints; remove one first.`)
    const endpoint: TransferEndpoint = {
      id: newId(),
      ownerUserId: isShared ? undefined : asker.userId,
      name: input.name,
      kind: input.kind,
      url: input.url,
      parameters: input.parameters ?? {},
      secretsSealed: this.sealed(input.secrets),
      groupNames: input.groups,
      abilities: {
        thirdPartyCopy: input.thirdPartyCopy ?? 'auto',
        ...(input.tapeUrl === undefined ? {} : { tapeUrl: input.tapeUrl }),
      },
      createdAtMs: clock.nowMs(),
    }
    await this.check(endpoint, asker)
    if (!(await insertEndpoint(db, endpoint))) throw nameTaken(endpoint.name)
    return endpoint
  }

  /** Throws like `create`; where the server changes, the secrets must be given again. */
  async change(asker: Asker, id: string, change: EndpointChange): Promise<TransferEndpoint> {
    const before = await this.getOwn(asker, id)
    const abilities = { ...before.abilities }
    if (change.thirdPartyCopy !== undefined) abilities.thirdPartyCopy = change.thirdPartyCopy
    if (change.tapeUrl !== undefined) abilities.tapeUrl = change.tapeUrl
    const after: TransferEndpoint = {
      ...before,
      name: change.name ?? before.name,
      url: change.url ?? before.url,
      parameters: change.parameters ?? before.parameters,
      secretsSealed: change.secrets === undefined ? before.secretsSealed : this.sealed(change.secrets),
      groupNames: change.groups ?? before.groupNames,
      abilities,
    }
    if (change.secrets === undefined && before.secretsSealed !== undefined) assertSameServer(before, after)
    await this.check(after, asker)
    const others = await listEndpoints(this.deps.db, asker.userId)
    const isTaken = others.some(
      (one) => one.name === after.name && one.id !== after.id && one.ownerUserId === after.ownerUserId,
    )
    if (isTaken) throw nameTaken(after.name)
    await updateEndpoint(this.deps.db, after)
    return after
  }

  async remove(asker: Asker, id: string): Promise<void> {
    await deleteEndpoint(this.deps.db, (await this.getOwn(asker, id)).id)
  }

  /** Remembers what a test found out. */
  async learn(endpoint: TransferEndpoint, found: { foundCopy?: boolean; tapeUrl?: string }): Promise<void> {
    await updateEndpoint(this.deps.db, { ...endpoint, abilities: { ...endpoint.abilities, ...found } })
  }

  /** The secrets by name. */
  secretsOf({ secretsSealed }: TransferEndpoint): Record<string, string> {
    if (secretsSealed === undefined) return {}
    return JSON.parse(this.deps.seal.open(secretsSealed)) as Record<string, string>
  }

  private async getOwn(asker: Asker, id: string): Promise<TransferEndpoint> {
    const endpoint = await this.get(asker, id)
    if (endpoint.ownerUserId === asker.userId || asker.isAdmin) return endpoint
    throw new ForbiddenError('This endpoint is of the operator; you may use it and not change it.')
  }

  private sealed(secrets: Record<string, string> | undefined): string | undefined {
    if (secrets === undefined || Object.keys(secrets).length === 0) return undefined
    return this.deps.seal.seal(JSON.stringify(secrets))
  }

  private async check(endpoint: TransferEndpoint, asker: Asker): Promise<void> {
    const { kind, url, parameters, abilities } = endpoint
    assertEndpoint(
      { kind, url, parameters, secretNames: Object.keys(this.secretsOf(endpoint)) },
      asker.isAdmin,
    )
    for (const address of [addressOf(endpoint), abilities.tapeUrl])
      if (address !== undefined) await assertReachable(this.deps.outbound, address)
  }
}

function nameTaken(name: string): ConflictError {
  return new ConflictError(`There is an endpoint ${JSON.stringify(name)} already. Choose another name.`)
}
