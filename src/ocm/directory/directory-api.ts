import { z } from 'zod'
import { type ApiRoute, apiRoute } from '../../platform/api-route.ts'
import { isoTime } from '../../platform/clock.ts'
import { type PageOrder, pageOf, pageQuery, toSlice } from '../../platform/paging.ts'
import type { Directories, DirectoryState } from './directories.ts'
import type { KnownServer } from './server-list.ts'

export interface DirectoryApiDeps {
  directories: Directories
  listKnownServers(): Promise<KnownServer[]>
}

const directorySchema = z
  .object({
    url: z.string(),
    federation: z.string(),
    readAt: z.iso.datetime().optional().describe('When the list in force was read.'),
    servers: z.int(),
    failure: z
      .object({ text: z.string(), at: z.iso.datetime() })
      .optional()
      .describe('Why the last try failed; the list of before stays in force.'),
  })
  .meta({ id: 'Directory' })

const serverSchema = z
  .object({ host: z.string(), displayName: z.string(), federation: z.string() })
  .meta({ id: 'KnownServer' })

const SERVERS_ORDER: PageOrder = [{ kind: 'string' }, { kind: 'string' }]

const directoryList = z.object({ items: z.array(directorySchema) })

/** The directories that this node reads, for administrators, and the servers in them, for everybody here. */
export function directoryRoutes({ directories, listKnownServers }: DirectoryApiDeps): ApiRoute[] {
  const show = async () => ({ items: (await directories.list()).map(toWire) })
  return [
    apiRoute({
      ...{ method: 'get', path: '/directory', operationId: 'listServers', auth: 'user' },
      summary: 'The servers that directories name, by name',
      query: pageQuery,
      response: pageOf(serverSchema),
      handle: async ({ query }) =>
        toSlice(await listKnownServers(), query, SERVERS_ORDER, ({ displayName, host }) => [
          displayName,
          host,
        ]),
    }),
    apiRoute({
      ...{ method: 'get', path: '/admin/directories', operationId: 'listDirectories', auth: 'admin' },
      summary: 'The directories that this node reads, and how that went',
      response: directoryList,
      handle: show,
    }),
    apiRoute({
      ...{ method: 'post', path: '/admin/directories/refresh', operationId: 'refreshDirectories' },
      auth: 'admin',
      summary: 'Read all directories now',
      response: directoryList,
      async handle({ signal }) {
        await directories.refresh({ all: true, signal })
        return await show()
      },
    }),
  ]
}

function toWire({ url, federation, readAtMs, serverCount, failure }: DirectoryState) {
  return {
    ...{ url, federation, servers: serverCount },
    ...(readAtMs === undefined ? {} : { readAt: isoTime(readAtMs) }),
    ...(failure === undefined ? {} : { failure: { text: failure.text, at: isoTime(failure.atMs) } }),
  }
}
