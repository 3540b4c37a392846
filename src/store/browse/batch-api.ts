import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { AppError, BadRequestError } from '../../platform/errors.ts'
import type { Logger } from '../../platform/log.ts'
import type { Trash } from '../kept/trash.ts'
import { checkLocks } from '../locks/lock-check.ts'
import type { LockRegistry } from '../locks/locks.ts'
import { formatPath, parsePath } from '../paths.ts'
import type { FileStore } from '../types.ts'
import { applyTo, type BatchOrder, FolderMaker, makeFolder } from './batch.ts'
import { pathText } from './browse-api.ts'
import { fileItem, toFileItems } from './file-views.ts'
import type { ShareMarks } from './share-marks.ts'

export interface BatchDeps {
  /** The user's drive with what was shared with them, behind its locks. */
  driveOf(userId: string): Promise<FileStore>
  trashOf(userId: string): Promise<Trash>
  locks: LockRegistry
  marks: ShareMarks
  log: Logger
}

const MAX_ENTRIES = 1_000
const paths = z.array(pathText).min(1).max(MAX_ENTRIES)

const failure = z.object({ status: z.number(), code: z.string(), detail: z.string() })

const outcomeShape = {
  status: z.enum(['done', 'failed']),
  target: z.string().optional().describe('Where it is now; not of what was deleted.'),
  error: failure.optional().describe('Why not, as a problem of its own would say it.'),
}

/** What became of one entry of many. */
const batchOutcome = z.object({ path: z.string(), ...outcomeShape }).meta({ id: 'BatchOutcome' })
const trashOutcome = z.object({ name: z.string(), ...outcomeShape }).meta({ id: 'TrashOutcome' })

type Outcome = { status: 'done' | 'failed'; target?: string; error?: z.input<typeof failure> }

/** Folders that are made, and what is done with many entries in one request. */
export function batchRoutes(deps: BatchDeps): ApiRoute[] {
  return [makeFolderRoute(deps), makeFoldersRoute(deps), batchRoute(deps), trashBatchRoute(deps)]
}

function makeFolderRoute({ driveOf, marks }: BatchDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/files/folder',
    operationId: 'createFolder',
    summary: 'Make a folder.',
    auth: 'user',
    body: z.strictObject({ path: pathText }),
    status: 201,
    response: fileItem,
    handle: async ({ principal: { userId }, body }) => {
      const path = parsePath(body.path)
      const entry = await makeFolder(await driveOf(userId), path)
      const [item] = await toFileItems([{ entry, path }], { userId, marks })
      return item as z.input<typeof fileItem>
    },
  })
}

function makeFoldersRoute(deps: BatchDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/files/folders',
    operationId: 'createFolders',
    summary: 'Make many folders with those above them; what is there already is left as it is.',
    auth: 'user',
    body: z.strictObject({ paths }),
    response: z.object({ items: z.array(batchOutcome) }),
    handle: async ({ principal, body, signal }) => {
      const maker = new FolderMaker(await deps.driveOf(principal.userId))
      const make = async (path: string) => {
        await maker.make(parsePath(path))
        return path
      }
      return { items: await forEach(deps, body.paths, { signal, key: 'path' }, make) }
    },
  })
}

function batchRoute(deps: BatchDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/files/batch',
    operationId: 'changeFiles',
    summary: 'Move, copy or delete many files and folders, each of them wholly or not at all.',
    auth: 'user',
    body: z.strictObject({
      operation: z.enum(['move', 'copy', 'delete']),
      paths,
      destination: pathText.optional().describe('The folder they go to.'),
      conflict: z
        .enum(['fail', 'rename', 'overwrite'])
        .default('fail')
        .describe('Where something has the name: leave it, take a free name, or replace it.'),
    }),
    response: z.object({ items: z.array(batchOutcome) }),
    handle: async ({ principal, body, signal }) => {
      const drive = await deps.driveOf(principal.userId)
      const order = await toOrder(drive, body)
      const change = async (path: string) => {
        const to = await applyTo(drive, parsePath(path), order)
        return to && formatPath(to)
      }
      return { items: await forEach(deps, body.paths, { signal, key: 'path' }, change) }
    },
  })
}

async function toOrder(
  drive: FileStore,
  body: {
    operation: 'move' | 'copy' | 'delete'
    destination?: string | undefined
    conflict: 'fail' | 'rename' | 'overwrite'
  },
): Promise<BatchOrder> {
  const { operation, conflict } = body
  if (operation === 'delete') return { operation }
  if (body.destination === undefined) throw noDestination('is missing')
  const destination = parsePath(body.destination)
  if ((await drive.stat(destination)).kind !== 'folder') throw noDestination('is no folder')
  return { operation, destination, conflict }
}

function noDestination(what: string): BadRequestError {
  return new BadRequestError(`The destination ${what}. Name the folder they are to go to.`, {
    code: 'INVALID_INPUT',
    fields: [{ field: 'destination', message: what }],
  })
}

function trashBatchRoute(deps: BatchDeps): ApiRoute {
  return apiRoute({
    method: 'post',
    path: '/trash/batch',
    operationId: 'changeTrash',
    summary: 'Put back much of what you deleted, or remove it for good.',
    auth: 'user',
    body: z.strictObject({
      operation: z.enum(['restore', 'remove']),
      names: z.array(z.string().min(1).max(1_000)).min(1).max(MAX_ENTRIES),
    }),
    response: z.object({ items: z.array(trashOutcome) }),
    handle: async ({ principal: { userId }, body, signal }) => {
      const trash = await deps.trashOf(userId)
      const locked = { locks: deps.locks, store: await deps.driveOf(userId) }
      const change = async (name: string) => {
        if (body.operation === 'remove') return void (await trash.store.remove([name]))
        const { path } = await trash.restore(name, (to) =>
          checkLocks(locked, to, { tokens: [], isNew: true }),
        )
        return formatPath(path)
      }
      return { items: await forEach(deps, body.names, { signal, key: 'name' }, change) }
    },
  })
}

/** One after the other, each told apart; ends when nobody waits for the answer any more. */
async function forEach<K extends 'path' | 'name'>(
  { log }: BatchDeps,
  names: readonly string[],
  { signal, key }: { signal: AbortSignal; key: K },
  work: (name: string) => Promise<string | undefined>,
): Promise<(Record<K, string> & Outcome)[]> {
  const outcomes: (Record<K, string> & Outcome)[] = []
  for (const name of new Set(names)) {
    signal.throwIfAborted()
    const outcome = await work(name).then(
      (target): Outcome => ({ status: 'done', ...(target !== undefined && { target }) }),
      (error): Outcome => ({ status: 'failed', error: toFailure(error, log) }),
    )
    outcomes.push({ ...({ [key]: name } as Record<K, string>), ...outcome })
  }
  return outcomes
}

function toFailure(error: unknown, log: Logger): z.input<typeof failure> {
  if (error instanceof AppError) return { status: error.status, code: error.code, detail: error.message }
  log.error({ err: error }, 'one entry of many failed')
  return { status: 500, code: 'INTERNAL_ERROR', detail: 'Something failed inside this server.' }
}
