import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Koa, { type Context } from 'koa'
import { systemClock } from '../../src/platform/clock.ts'
import type { Db } from '../../src/platform/db.ts'
import { DisposalStack } from '../../src/platform/disposal.ts'
import { UnauthenticatedError } from '../../src/platform/errors.ts'
import { createLogger, type LogLevel } from '../../src/platform/log.ts'
import type { Principal } from '../../src/platform/principal.ts'
import { LockGuardStore } from '../../src/store/layers/lock-guard-store.ts'
import { MountedStore } from '../../src/store/layers/mounted-store.ts'
import { QuotaStore } from '../../src/store/layers/quota-store.ts'
import { EDITOR_RIGHTS, RightsStore, VIEWER_RIGHTS } from '../../src/store/layers/rights-store.ts'
import { SubtreeStore } from '../../src/store/layers/subtree-store.ts'
import type { LocalStore } from '../../src/store/local/local-store.ts'
import { openSpace } from '../../src/store/local/open-space.ts'
import { createLockRegistry } from '../../src/store/locks/lock-registry.ts'
import type { LockRegistry } from '../../src/store/locks/locks.ts'
import { SpacesRepo } from '../../src/store/spaces-repo.ts'
import type { FileStore } from '../../src/store/types.ts'
import { davMiddleware } from '../../src/webdav/dav-koa.ts'
import { driveMounts } from '../../src/webdav/drive-mounts.ts'
import type { DavMount } from '../../src/webdav/mount.ts'
import { expectContinue } from '../../src/webdav/request-body-koa.ts'
import { createTestDatabase } from './databases.ts'

/** A WebDAV server over real drives on a free port of loopback; the passwords are the user names. */
export interface DavServer {
  /** `http://127.0.0.1:port` */
  origin: string
  /** The address of a user's drive, with a slash at its end. */
  driveUrl(userName: string): string
  /** The drive itself, below all layers. */
  drive(userName: string): LocalStore
  /** The local folder of a user's files. */
  filesFolder(userName: string): string
  locks: LockRegistry
  /** How many clients are connected. */
  connections(): Promise<number>
  close(): Promise<void>
}

export interface DavServerOptions {
  quotaBytes?: number
  maxTreeEntries?: number
  maxUploadBytes?: number
  idleMs?: number
  /** `warn` unless the test wants a failure of the server itself. */
  logLevel?: LogLevel
  /**
   * Shares ann's folder `shared`: bob sees it as `from ann` in his drive and may read it; who knows
   * `SHARE_SECRET` may change it at `/dav/ocm/share-1/`.
   */
  withShare?: boolean
}

export const SHARE_SECRET = 'open sesame'
const USERS = ['ann', 'bob']

export async function createDavServer(options: DavServerOptions = {}): Promise<DavServer> {
  const stack = new DisposalStack()
  const { db, close } = await createTestDatabase('sqlite')
  stack.defer(close)
  const folder = await mkdtemp(join(tmpdir(), 'causeway-dav-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const locks = createLockRegistry({ db, clock: systemClock })
  const locals = new Map<string, LocalStore>()
  for (const name of USERS) locals.set(name, await openDrive(db, name, join(folder, name)))
  const ann = locals.get('ann') as LocalStore
  if (options.withShare) await ann.makeCollection(['shared'])
  const drives = new Map([...locals].map(([name, store]) => [name, layered(name, store, ann, options)]))
  const guarded = (store: FileStore, tokens: readonly string[], userId: string) =>
    new LockGuardStore(store, { locks, tokens, userId })
  const mounts = [
    ...driveMounts(async ({ userName, userId }) => ({
      key: `drive:${userName}`,
      store: (tokens) => guarded(drives.get(userName) as FileStore, tokens, userId),
    })),
    shareMount(new RightsStore(new SubtreeStore(ann, ['shared']), EDITOR_RIGHTS), guarded),
  ]
  const server = await listen(mounts, locks, options)
  stack.defer(() => stop(server))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    driveUrl: (userName) => `${origin}/dav/files/${userName}/`,
    drive: (userName) => locals.get(userName) as LocalStore,
    filesFolder: (userName) => join(folder, userName, 'files'),
    locks,
    connections: () => promisify(server.getConnections.bind(server))(),
    close: () => stack.close(),
  }
}

async function openDrive(db: Db, name: string, folder: string): Promise<LocalStore> {
  const space = await new SpacesRepo(db).createForOwner(`id-${name}`, systemClock.nowMs())
  const options = { db, clock: systemClock, space, folder, fsync: 'never' as const }
  return (await openSpace({ ...options, keepsDeleted: false, keepsOverwritten: false })).local
}

/** A drive as its owner sees it: within a quota, and with what others share. */
function layered(name: string, store: LocalStore, ann: LocalStore, options: DavServerOptions): FileStore {
  const home = new QuotaStore(store, () => options.quotaBytes)
  if (options.withShare !== true || name === 'ann') return home
  const shared = new RightsStore(new SubtreeStore(ann, ['shared']), VIEWER_RIGHTS)
  const mount = { name: 'from ann', shareId: 'share-1', store: shared, entry: () => shared.stat([]) }
  const ignore = async () => undefined
  return new MountedStore({ home, mounts: () => [mount], onUnmount: ignore, onRename: ignore })
}

function shareMount(
  store: FileStore,
  guarded: (store: FileStore, tokens: readonly string[], userId: string) => FileStore,
): DavMount {
  return {
    prefix: '/dav/ocm/',
    async open({ segments, authorization }) {
      if (segments[0] !== 'share-1' || authorization !== `Bearer ${SHARE_SECRET}`) {
        throw new UnauthenticatedError('That share needs its secret.')
      }
      return {
        key: 'share:share-1',
        store: (tokens) => guarded(store, tokens, 'share:share-1'),
        path: segments.slice(1),
        userId: 'share:share-1',
      }
    },
  }
}

async function listen(mounts: DavMount[], locks: LockRegistry, options: DavServerOptions): Promise<Server> {
  const app = new Koa()
  // Koa reports here every client that went away.
  app.on('error', () => undefined)
  app.use(
    davMiddleware({
      mounts,
      locks,
      clock: systemClock,
      log: createLogger(options.logLevel ?? 'warn'),
      publicUrl: 'https://cloud.example',
      authenticate: basicAuthentication,
      maxUploadBytes: options.maxUploadBytes,
      ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
      ...(options.maxTreeEntries === undefined ? {} : { maxTreeEntries: options.maxTreeEntries }),
    }),
  )
  const server = createServer(app.callback())
  server.on('checkContinue', expectContinue(mounts, app.callback()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}

async function basicAuthentication(ctx: Context): Promise<Principal> {
  const encoded = /^Basic (.*)$/.exec(ctx.get('authorization'))?.[1] ?? ''
  const [userName = '', password] = Buffer.from(encoded, 'base64').toString().split(':')
  if (!USERS.includes(userName) || password !== userName) {
    throw new UnauthenticatedError('Wrong user or password.')
  }
  return { userId: `id-${userName}`, userName, isAdmin: false, via: 'password' }
}
