import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import type { Group } from '../../../src/accounts/types.ts'
import { type Config, configSchema } from '../../../src/config/schema.ts'
import type { ApiRoute } from '../../../src/platform/api-route.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'
import type { Db } from '../../../src/platform/db.ts'
import { NotFoundError } from '../../../src/platform/errors.ts'
import { EventBus } from '../../../src/platform/events.ts'
import { createLogger } from '../../../src/platform/log.ts'
import { createOutbound } from '../../../src/platform/outbound.ts'
import { createSeal } from '../../../src/platform/seal.ts'
import { createSpaces, type FileStore, parsePath, WrappedStore } from '../../../src/store/index.ts'
import {
  createPlaces,
  createTransfers,
  type EndpointResolver,
  type FileView,
  type JobView,
  type PlaceRef,
  type Places,
  type TransferOrder,
  type Transfers,
} from '../../../src/transfers/index.ts'
import { createSourceStore } from './source-store.ts'

export const TOKEN = 'very-secret-token'
export const USER = 'user-1'
export const ADMIN = 'admin-1'

export interface TestEngineOptions {
  db: Db
  /** Base URL of a `SourceServer`; it is the share `s1`. */
  sourceUrl: string
  clock?: Clock
  config?: Partial<Config['transfers']>
  idleTimeoutMs?: number
  /** An existing folder, for a second life on the same drive. */
  folder?: string
  workerId?: string
  /** Where the bytes come from, when another server than that of the listing gives them. */
  contentUrl?: string
  /** False: `transfers.start()` is left to the test. */
  isStarted?: boolean
  /** Of one process among several of a node. */
  events?: EventBus
  /** Something between the engine and the drive it writes to. */
  wrapDestination?: (drive: FileStore) => FileStore
  /** The destination is a store whose bytes lie elsewhere. */
  withoutStaging?: boolean
  /** The groups somebody is in. */
  groupsOf?: (userId: string) => Group[]
  /** Networks that may be reached; loopback unless given. */
  allow?: string[]
  /** The tape API of the source. */
  tapeUrl?: string
  /** Names that the node resolves itself. */
  hosts?: Record<string, string>
}

/** A user of the database, with a drive. */
export async function insertUser(db: Db, id = USER): Promise<void> {
  const row = { id, name: id, display_name: id, email: '', password_hash: '', created_at_ms: 1 }
  await db('users').insert(row).onConflict('id').ignore()
}

/** The transfers of a node with a real drive, fed from a real server. */
export class TestEngine {
  readonly transfers: Transfers
  readonly events: EventBus
  readonly registry = new Registry()
  readonly snapshots: JobView[] = []
  readonly folder: string
  readonly drive: FileStore
  private readonly outbound
  readonly places: Places

  private constructor(options: TestEngineOptions, folder: string, drive: FileStore) {
    this.folder = folder
    this.drive = drive
    this.events = options.events ?? new EventBus()
    this.outbound = createOutbound({
      allow: options.allow ?? ['127.0.0.0/8'],
      insecureHttp: true,
      hosts: options.hosts ?? {},
      connectTimeoutMs: 5000,
      idleTimeoutMs: options.idleTimeoutMs ?? 20_000,
    })
    this.events.subscribe('transfer', ({ snapshot }) => this.snapshots.push(snapshot as JobView))
    const base = {
      db: options.db,
      clock: options.clock ?? systemClock,
      log: createLogger('silent'),
      outbound: this.outbound,
    }
    this.places = createPlaces({
      ...base,
      seal: createSeal(randomBytes(32)),
      groups: { listGroupsOf: async (userId) => options.groupsOf?.(userId) ?? [] },
      rcloneProgram: options.config?.rcloneProgram ?? 'rclone',
      spoolFolder: join(folder, '.spool'),
      isAdmin: async (userId) => userId === ADMIN,
    })
    this.transfers = createTransfers({
      ...base,
      places: this.places,
      events: this.events,
      endpoints: endpointsOf(options, drive, this.places),
      config: {
        ...configSchema.parse({ publicUrl: 'http://x' }).transfers,
        retryBaseSeconds: 0,
        ...options.config,
      },
      seal: createSeal(new Uint8Array(32)),
      registry: this.registry,
      stagingFolders: async () => [(await drive.stagingFolder([])) as string],
      workerId: options.workerId ?? 'worker',
      cacheFolder: join(folder, '.cache'),
      groupsOf: async (userId) => (options.groupsOf?.(userId) ?? []).map(({ name }) => name),
      random: () => 0.5,
    })
  }

  static async start(options: TestEngineOptions): Promise<TestEngine> {
    await insertUser(options.db)
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'causeway-transfers-')))
    const config = { folder, fsync: 'never' as const }
    const spaces = createSpaces({ db: options.db, config, clock: systemClock })
    const engine = new TestEngine(options, folder, await spaces.spaceOf(USER))
    if (options.isStarted !== false) engine.transfers.start()
    return engine
  }

  async close(options: { keepFolder?: boolean } = {}): Promise<void> {
    await this.transfers.close()
    await this.places.close()
    await this.outbound.close()
    if (options.keepFolder !== true) await rm(this.folder, { recursive: true, force: true })
  }

  submit(order: Partial<TransferOrder> & Pick<TransferOrder, 'destination'>): Promise<JobView> {
    return this.transfers.submit(USER, { source: { shareId: 's1' }, ...order })
  }

  /** Orders and waits for the end. */
  async run(order: Partial<TransferOrder> & Pick<TransferOrder, 'destination'>): Promise<JobView> {
    const job = await this.submit(order)
    return this.ended(job.id)
  }

  ended(jobId: string): Promise<JobView> {
    return this.until(jobId, (job) => job.state !== 'SUBMITTED' && job.state !== 'ACTIVE')
  }

  /** Waits, by events and by asking, until a job looks as wanted. */
  async until(jobId: string, wanted: (job: JobView) => boolean): Promise<JobView> {
    for (;;) {
      const job = await this.job(jobId)
      if (wanted(job)) return job
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  /** Waits until a file of the job looks as wanted. */
  async untilFile(jobId: string, wanted: (file: FileView) => boolean): Promise<FileView> {
    for (;;) {
      const file = (await this.files(jobId)).find(wanted)
      if (file !== undefined) return file
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  job(id: string): Promise<JobView> {
    return this.call('getTransfer', { params: { id } }) as Promise<JobView>
  }

  async files(id: string): Promise<FileView[]> {
    const page = await this.call('listTransferFiles', { params: { id }, query: { limit: 1000 } })
    return (page as { items: FileView[] }).items
  }

  /** Calls an operation of the API as the user, without HTTP. */
  call(operationId: string, input: Record<string, unknown>, userId = USER): Promise<unknown> {
    const route = this.transfers.routes.find((candidate) => candidate.operationId === operationId) as ApiRoute
    const principal = { userId, userName: userId, isAdmin: userId === ADMIN, via: 'password' }
    return route.handle({ ...input, principal } as never)
  }

  async content(path: string): Promise<Buffer> {
    const { body } = await this.drive.read(parsePath(path))
    if (Buffer.isBuffer(body)) return body
    return Buffer.concat(await Array.fromAsync(body as AsyncIterable<Buffer>))
  }

  /** Names of the part files that lie in the staging folder. */
  async partFiles(): Promise<string[]> {
    const staging = await this.drive.stagingFolder(['x'])
    return staging === undefined ? [] : await readdir(staging)
  }
}

function endpointsOf(options: TestEngineOptions, drive: FileStore, places: Places): EndpointResolver {
  const store = createSourceStore(options.sourceUrl)
  const contentUrl = options.contentUrl ?? options.sourceUrl
  const wrapped = options.wrapDestination?.(drive) ?? drive
  const target = options.withoutStaging === true ? new UnstagedStore(wrapped) : wrapped
  return {
    async resolveSource(userId, ref) {
      if ('url' in ref || 'endpoint' in ref) return places.resolveSource(userId, ref)
      if (!('shareId' in ref)) return { store: drive, path: parsePath(pathIn(ref)) }
      if (ref.shareId !== 's1') throw new NotFoundError('There is no share of that id.')
      return {
        store,
        path: parsePath(ref.path ?? '/'),
        ...(options.tapeUrl === undefined ? {} : { abilities: { tapeUrl: options.tapeUrl } }),
        remote: {
          label: 'source.test',
          urlOf: (path) => `${contentUrl}/${path.map(encodeURIComponent).join('/')}`,
          credentials: { headers: async () => ({ Authorization: `Bearer ${TOKEN}` }) },
        },
      }
    },
    async resolveDestination(userId, ref) {
      if ('url' in ref || 'endpoint' in ref) return places.resolveDestination(userId, ref)
      return { store: target, path: parsePath(pathIn(ref)) }
    },
  }
}

function pathIn(ref: PlaceRef): string {
  if ('path' in ref && ref.path !== undefined) return ref.path
  throw new NotFoundError('Only the drive can be reached here.')
}

/** A store that cannot adopt a part file. */
class UnstagedStore extends WrappedStore {
  override async stagingFolder(): Promise<undefined> {
    return undefined
  }
}
