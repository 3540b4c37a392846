import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { NEWEST_FIRST, pageFields, pageOf, pageQuery, toSlice } from '../../platform/paging.ts'
import { checkLocks } from '../locks/lock-check.ts'
import type { LockRegistry } from '../locks/locks.ts'
import { formatPath, parsePath } from '../paths.ts'
import type { Entry, FileStore } from '../types.ts'
import type { Trash, TrashedEntry } from './trash.ts'
import type { Versions } from './versions.ts'

const pathText = z.string().min(1).max(10_000)
const nameParams = z.strictObject({ name: z.string().min(1).max(1_000) })
const restored = z.object({ path: z.string() })

const trashedView = z
  .object({
    name: z.string(),
    path: z.string(),
    kind: z.enum(['file', 'folder']),
    sizeBytes: z.number(),
    deletedAt: z.string(),
  })
  .meta({ id: 'TrashedFile' })

const versionView = z
  .object({
    version: z.string(),
    sizeBytes: z.number(),
    modifiedAt: z.string(),
    replacedAt: z.string(),
    checksums: z.record(z.string(), z.string()),
  })
  .meta({ id: 'FileVersion' })

export interface KeptApiDeps {
  trashOf(userId: string): Promise<Trash>
  versionsOf(userId: string): Promise<Versions>
  driveOf(userId: string): Promise<FileStore>
  locks: LockRegistry
}

/** `/trash` and `/versions`: what was deleted and what was overwritten, everyone their own. */
export function keptRoutes(deps: KeptApiDeps): ApiRoute[] {
  return [...trashRoutes(deps), ...versionRoutes(deps)]
}

function trashRoutes({ trashOf, driveOf, locks }: KeptApiDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/trash',
      operationId: 'listTrash',
      summary: 'What you deleted and can restore, newest first.',
      auth: 'user',
      query: pageQuery,
      response: pageOf(trashedView),
      handle: async ({ principal, query }) => {
        const all = await (await trashOf(principal.userId)).list()
        const page = toSlice(all, query, NEWEST_FIRST, ({ trashed, name }) => [trashed.deletedAtMs, name])
        return { ...page, items: page.items.map(toTrashedView) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/trash/{name}/restore',
      operationId: 'restoreFromTrash',
      summary: 'Put something back where it was, beside what stands there now.',
      auth: 'user',
      params: nameParams,
      response: restored,
      handle: async ({ principal, params }) => {
        const trash = await trashOf(principal.userId)
        const store = await driveOf(principal.userId)
        const asker = { tokens: [], isNew: true }
        const { path } = await trash.restore(params.name, (to) => checkLocks({ locks, store }, to, asker))
        return { path: formatPath(path) }
      },
    }),
    apiRoute({
      method: 'delete',
      path: '/trash/{name}',
      operationId: 'removeFromTrash',
      summary: 'Remove something for good.',
      auth: 'user',
      params: nameParams,
      status: 204,
      handle: async ({ principal, params }) => (await trashOf(principal.userId)).store.remove([params.name]),
    }),
    apiRoute({
      method: 'delete',
      path: '/trash',
      operationId: 'emptyTrash',
      summary: 'Remove for good everything you deleted.',
      auth: 'user',
      status: 204,
      handle: async ({ principal }) => (await trashOf(principal.userId)).empty(),
    }),
  ]
}

function versionRoutes({ versionsOf, driveOf }: KeptApiDeps): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/versions',
      operationId: 'listVersions',
      summary: 'What a file of yours contained before, newest first.',
      auth: 'user',
      query: z.strictObject({ path: pathText, ...pageFields }),
      response: pageOf(versionView),
      handle: async ({ principal, query }) => {
        const file = await (await driveOf(principal.userId)).stat(parsePath(query.path))
        const found = await (await versionsOf(principal.userId)).list(file.id)
        const page = toSlice(found, query, NEWEST_FIRST, ({ createdAtMs, name }) => [createdAtMs, name])
        return { ...page, items: page.items.map(toVersionView) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/versions/restore',
      operationId: 'restoreVersion',
      summary: 'Give a file the content it had; what it has now becomes a version.',
      auth: 'user',
      body: z.strictObject({ path: pathText, version: z.string().min(1).max(255) }),
      response: restored,
      handle: async ({ principal, body, signal }) => {
        const path = parsePath(body.path)
        const drive = await driveOf(principal.userId)
        const { id } = await drive.stat(path)
        await (await versionsOf(principal.userId)).restore(
          { fileId: id, version: body.version },
          drive,
          path,
          signal,
        )
        return { path: formatPath(path) }
      },
    }),
  ]
}

function toTrashedView({ name, trashed, kind, sizeBytes }: TrashedEntry): z.input<typeof trashedView> {
  const { path, deletedAtMs } = trashed
  return { name, path: formatPath(path), kind, sizeBytes, deletedAt: isoTime(deletedAtMs) }
}

function toVersionView(entry: Entry): z.input<typeof versionView> {
  return {
    version: entry.name,
    sizeBytes: entry.sizeBytes,
    modifiedAt: isoTime(entry.mtimeMs),
    replacedAt: isoTime(entry.createdAtMs),
    checksums: { ...entry.checksums },
  }
}
