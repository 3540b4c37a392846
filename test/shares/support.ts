import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { Groups } from '../../src/accounts/groups.ts'
import type { User } from '../../src/accounts/types.ts'
import { shareMounts } from '../../src/node-share-mounts.ts'
import { InboxRefusedError, type MeshInbox } from '../../src/ocm/mesh-inbox.ts'
import type { OcmClient } from '../../src/ocm/ocm-client.ts'
import { GrantRefusedError, PeerError, type PeerFailure } from '../../src/ocm/peer-error.ts'
import type { OcmPerson } from '../../src/ocm/types.ts'
import type { ApiCall, ApiRoute } from '../../src/platform/api-route.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { type Db, isPostgres } from '../../src/platform/db.ts'
import { DisposalStack } from '../../src/platform/disposal.ts'
import { UnauthenticatedError } from '../../src/platform/errors.ts'
import { EventBus, type NodeEvents } from '../../src/platform/events.ts'
import { createLogger } from '../../src/platform/log.ts'
import { createOutbound, type Outbound } from '../../src/platform/outbound.ts'
import { createSeal, type Seal } from '../../src/platform/seal.ts'
import { createShares, type Shares, type SharesOptions } from '../../src/shares/index.ts'
import { createLockRegistry, createSpaces, type FileStore, type LockRegistry } from '../../src/store/index.ts'
import { davMiddleware } from '../../src/webdav/dav-koa.ts'
import { createTestDatabase, type Engine } from '../support/databases.ts'

export const START_MS = 1_795_000_000_000

/** A clock that stands still until it is moved; who waits is woken by moving it. */
export class HandClock implements Clock {
  private ms = START_MS
  private readonly waiting = new Set<{ untilMs: number; wake: () => void }>()

  nowMs(): number {
    return this.ms
  }

  advance(ms: number): void {
    this.ms += ms
    for (const one of this.waiting) if (one.untilMs <= this.ms) one.wake()
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const one = { untilMs: this.ms + ms, wake: () => this.waiting.delete(one) && resolve() }
      this.waiting.add(one)
      signal?.addEventListener('abort', () => this.waiting.delete(one) && reject(signal.reason))
    })
  }
}

/** Names of the tests stand for loopback, which the configuration allows: the address rules stay in force. */
export function testOutbound(): Outbound {
  return createOutbound({
    allow: ['127.0.0.0/8'],
    insecureHttp: true,
    hosts: {
      'leiden.test': '127.0.0.1',
      'krakow.test': '127.0.0.1',
      'bari.test': '127.0.0.1',
      'foreign.test': '127.0.0.1',
    },
    connectTimeoutMs: 5_000,
    idleTimeoutMs: 5_000,
  })
}

export async function insertUser(db: Db, name: string): Promise<User> {
  const user = { id: `id-${name}`, name, displayName: name.toUpperCase(), email: `${name}@mail.test` }
  const row = { id: user.id, name, display_name: user.displayName, email: user.email }
  await db('users').insert({ ...row, password_hash: '', created_at_ms: START_MS })
  return { ...user, isAdmin: false, createdAtMs: START_MS }
}

export interface TestNode {
  host: string
  publicUrl: string
  shares: Shares
  groups: Groups
  db: Db
  clock: HandClock
  locks: LockRegistry
  seal: Seal
  /** What was published, by name and state. */
  events: string[]
  /** Calls an operation of the API as a user. */
  api(
    user: string,
    operationId: string,
    input?: { params?: unknown; query?: unknown; body?: unknown },
  ): Promise<never>
  drive(user: string): Promise<FileStore>
  home(user: string): Promise<FileStore>
  /** Stops answering, as a node that is down; the database stays. */
  goAway(): Promise<void>
  close(): Promise<void>
}

/** The wire between test nodes: hands messages from one node's client to the other's inbox. */
export class Mesh {
  readonly nodes = new Map<string, MeshInbox>()
  /** Hosts whose messages fail, and why. */
  readonly failing = new Map<string, PeerFailure>()
  /** Hosts that take messages and whose answers are lost. */
  readonly losing = new Set<string>()
  readonly sent: string[] = []
  /** A foreign server that everybody's acceptances go to, while it is set. */
  inviting: (() => Promise<OcmPerson>) | undefined

  clientOf(ownHost: string): OcmClient {
    const deliver = async <T>(
      host: string,
      what: string,
      act: (inbox: MeshInbox) => Promise<T>,
    ): Promise<T> => {
      this.sent.push(`${what} → ${host.replace(/:\d+$/, '')}`)
      const reason = this.failing.get(host)
      const inbox = this.nodes.get(host)
      // Nothing was sent: the connection was refused.
      const cause = new Error('refused', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })
      if (reason !== undefined) throw new PeerError(reason, host, `${host} does not want to.`, { cause })
      if (inbox === undefined) throw new PeerError('no-such-host', host, `There is no host ${host}.`)
      const answer = await act(inbox).catch((error) => {
        throw error instanceof InboxRefusedError ? refusalAt(host, error) : error
      })
      if (this.losing.has(host)) throw new PeerError('unreachable', host, `${host} did not answer in time.`)
      return answer
    }
    return {
      discover: () => Promise.reject(new Error('not needed')),
      takeLink: () => Promise.reject(new Error('not needed')),
      sendShare: (share) =>
        deliver(share.shareWith.host, 'share', (inbox) => inbox.receiveShare(share, ownHost)),
      exchangeToken: async (host, code) => {
        if (!this.nodes.has(host)) throw new PeerError('unsupported', host, `${host} exchanges no tokens.`)
        const reason = this.failing.get(host)
        if (reason !== undefined) throw new PeerError(reason, host, `${host} does not want to.`)
        const token = await this.nodes.get(host)?.exchangeToken(code, ownHost)
        if (token === undefined) throw new GrantRefusedError(host, `${host} refuses.`, 400)
        return token
      },
      acceptInvite: (provider, { token, recipient }) =>
        this.inviting?.() ??
        deliver(provider, 'invite', (inbox) =>
          inbox.inviteAccepted({ token, recipientProvider: ownHost, recipient }),
        ),
      notify: (host, notification) =>
        deliver(host, notification.type, async (inbox) => {
          const { type, providerId, sharedSecret } = notification
          const isOfShare = type !== 'USER_REMOVED'
          const peer = await inbox.findPeerOfShare(providerId, sharedSecret, undefined, type)
          if (isOfShare && peer !== ownHost) throw new InboxRefusedError('share-unknown')
          return inbox.receiveNotification(notification, ownHost)
        }),
    }
  }
}

const STATUS = {
  'recipient-unknown': ['recipient-unknown', 400],
  'share-unknown': ['recipient-unknown', 400],
  'share-changed': ['bad-answer', 409],
  'not-invited': ['refused', 403],
  'token-invalid': ['bad-answer', 400],
  'already-accepted': ['bad-answer', 409],
  'share-type-unsupported': ['unsupported', 501],
  'notification-unsupported': ['unsupported', 501],
  'not-allowed': ['refused', 403],
  'too-many-reshares': ['refused', 403],
  'too-many': ['busy', 429],
} as const

function refusalAt(host: string, { reason }: InboxRefusedError): PeerError {
  const [failure, status] = STATUS[reason]
  return new PeerError(failure, host, `${host} said ${status}.`, { status })
}

export interface TestNodeOptions {
  engine?: Engine
  users: string[]
  mustInvite?: boolean
  /** In place of those of the room. */
  parts?: Pick<SharesOptions, 'passwords' | 'copier'>
}

/** A node's shares over real spaces, serving `/dav/ocm/` on a free port. */
export async function createTestNode(mesh: Mesh, name: string, options: TestNodeOptions): Promise<TestNode> {
  const stack = new DisposalStack()
  const { db, close } = await createTestDatabase(options.engine ?? 'sqlite')
  stack.defer(close)
  const users = new Map<string, User>()
  for (const user of options.users) users.set(user, await insertUser(db, user))
  const folder = await mkdtemp(join(tmpdir(), 'causeway-shares-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const spaces = createSpaces({ db, clock: systemClock, config: { folder, fsync: 'never' } })
  stack.defer(() => spaces.close())
  const outbound = testOutbound()
  stack.defer(() => outbound.close())
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `${name}.test:${(server.address() as AddressInfo).port}`
  const publicUrl = `http://${host}`
  const clock = new HandClock()
  const locks = createLockRegistry({ db, clock })
  const log = createLogger('silent')
  const bus = new EventBus()
  const seal = createSeal(randomBytes(32))
  const events: string[] = []
  bus.subscribe('share', ({ userId, state }: NodeEvents['share']) => events.push(`share ${userId} ${state}`))
  bus.subscribe('contact', ({ userId }: NodeEvents['contact']) => events.push(`contact ${userId}`))
  const directory = {
    findUserByName: async (wanted: string) => users.get(wanted),
    findUserById: async (id: string) => [...users.values()].find((user) => user.id === id),
  }
  const groups = new Groups({ db, clock, users: directory, watcher: () => shares.groupWatcher })
  const shares: Shares = createShares({
    db,
    clock,
    log,
    events: bus,
    seal,
    config: { publicUrl, ocm: { mustInvite: options.mustInvite ?? false, invitationDays: 7 } },
    users: directory,
    groups,
    spaces,
    locks,
    ocm: mesh.clientOf(host),
    outbound,
    ...options.parts,
  })
  mesh.nodes.set(host, shares.inbox)
  const app = new Koa()
  app.on('error', () => undefined)
  const authenticate = () => Promise.reject(new UnauthenticatedError('Nobody has a password here.'))
  const mounts = shareMounts(shares)
  app.use(davMiddleware({ mounts, locks, clock: systemClock, log, publicUrl, authenticate }))
  server.on('request', app.callback())
  const goAway = async () => {
    mesh.failing.set(host, 'unreachable')
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  stack.defer(goAway)
  return {
    host,
    publicUrl,
    shares,
    groups,
    db,
    clock,
    locks,
    seal,
    events,
    api: (user, operationId, input = {}) =>
      callApi(shares.routes, users.get(user) as User, operationId, input),
    drive: (user) => shares.drives.driveOf(`id-${user}`),
    home: (user) => spaces.spaceOf(`id-${user}`),
    goAway,
    close: async () => {
      await shares.close()
      await stack.close()
    },
  }
}

/** Validates the input by the route's schemas, as the router does, and the answer too. */
async function callApi(
  routes: readonly ApiRoute[],
  user: User,
  operationId: string,
  input: { params?: unknown; query?: unknown; body?: unknown },
): Promise<never> {
  const route = routes.find((one) => one.operationId === operationId)
  if (route === undefined) throw new Error(`no operation ${operationId}`)
  const call = {
    params: route.params?.parse(input.params ?? {}),
    query: route.query?.parse(input.query ?? {}),
    body: route.body?.parse(input.body ?? {}),
    principal: { userId: user.id, userName: user.name, isAdmin: false, via: 'password' },
    signal: new AbortController().signal,
  }
  const answer = await route.handle(call as ApiCall<never, never, never>)
  return (route.response?.parse(answer) ?? answer) as never
}

export async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** The text of a file. */
export async function textAt(store: FileStore, path: string[]): Promise<string> {
  const { body } = await store.read(path)
  if (Buffer.isBuffer(body)) return body.toString()
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Waits until a condition holds, letting the node work meanwhile. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.nowMs() + 10_000
  while (!(await holds())) {
    if (systemClock.nowMs() > endMs) throw new Error('waited in vain')
    await systemClock.wait(5)
  }
}

/** The lock of a row, or of the whole SQLite database, until `release`; nobody changes it meanwhile. */
export async function holdRow(db: Db, table: string, where: object): Promise<{ release(): Promise<void> }> {
  const tx = await db.transaction()
  await tx(table).where(where).forUpdate().first()
  return { release: async () => void (await tx.commit()) }
}

/** Waits until so many others wait for a lock in the database, or until `orElse` holds. */
export async function untilBlocked(db: Db, count: number, orElse = () => false): Promise<void> {
  const blocked = async () => {
    if (!isPostgres(db)) return db.client.pool.numPendingAcquires() as number
    const sql = `select count(*) as count from pg_stat_activity
      where wait_event_type = 'Lock' and datname = current_database()`
    return Number((await db.raw(sql)).rows[0].count)
  }
  await until(async () => orElse() || (await blocked()) >= count)
}
