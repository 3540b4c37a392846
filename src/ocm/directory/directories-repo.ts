import { type Db, inTransaction } from '../../platform/db.ts'
import { readRows } from '../../platform/read-rows.ts'
import type { DirectoryList, DirectoryServer } from './read-directory.ts'

/** Rows of one statement; both databases take many more parameters. */
const CHUNK = 100

/** A directory as it was read last. */
export interface DirectoryRow {
  url: string
  /** What the list was verified with. */
  basis: string | null
  federation: string | null
  read_at_ms: number | null
  tried_at_ms: number
  failure_text: string | null
  failed_at_ms: number | null
}

export interface ListedServer extends DirectoryServer {
  directoryUrl: string
}

export interface DirectoriesRepo {
  list(): Promise<DirectoryRow[]>
  /** Puts the list in the place of the one before. */
  save(url: string, basis: string, directory: DirectoryList, nowMs: number): Promise<void>
  /** The list of before stays. */
  saveFailure(url: string, text: string, nowMs: number): Promise<void>
  /** Which directories list the host, and what their lists were verified with. */
  listListing(host: string): Promise<{ url: string; basis: string }[]>
  listServers(): Promise<ListedServer[]>
}

interface ServerRow {
  directory_url: string
  host: string
  url: string
  display_name: string
}

/** The servers that directories name; hosts in the form of `normaliseHost`. */
export function createDirectoriesRepo(db: Db): DirectoriesRepo {
  return {
    list: () => db<DirectoryRow>('ocm_directories').orderBy('url').select(),
    save: (url, basis, { federation, servers }, nowMs) =>
      inTransaction(db, async (tx) => {
        const columns = { basis, federation, read_at_ms: nowMs, tried_at_ms: nowMs, failure_text: null }
        const row = { url, ...columns, failed_at_ms: null }
        await tx('ocm_directories').insert(row).onConflict('url').merge()
        await tx('ocm_directory_servers').where({ directory_url: url }).delete()
        const rows = servers.map((server) => toServerRow(url, server))
        for (let at = 0; at < rows.length; at += CHUNK)
          await tx('ocm_directory_servers').insert(rows.slice(at, at + CHUNK))
      }),
    async saveFailure(url, text, nowMs) {
      const columns = { tried_at_ms: nowMs, failure_text: text, failed_at_ms: nowMs }
      await db('ocm_directories')
        .insert({ url, ...columns })
        .onConflict('url')
        .merge(Object.keys(columns))
    },
    listListing(host) {
      const sql = `select d.url as url, d.basis as basis from ocm_directory_servers s
        join ocm_directories d on d.url = s.directory_url where s.host = ?`
      return readRows(db, sql, [host])
    },
    async listServers() {
      const rows = await db<ServerRow>('ocm_directory_servers').orderBy(['display_name', 'host']).select()
      return rows.map((row) => ({
        ...{ directoryUrl: row.directory_url, host: row.host },
        ...{ url: row.url, displayName: row.display_name },
      }))
    },
  }
}

function toServerRow(directoryUrl: string, { host, url, displayName }: DirectoryServer): ServerRow {
  return { directory_url: directoryUrl, host, url, display_name: displayName }
}
