import { mergePages, pageOf, pageOfEntries } from '../browse/page.ts'
import type { Entry, EntryPage, FileStore, PageQuery } from '../types.ts'
import type { Mount } from './mount.ts'

/**
 * A page of a home with the shares at its root, which hide what stands there by their names. A share that cannot
 * even say what it remembers is shown as broken, so that it can be left.
 */
export async function pageWithMounts(
  home: FileStore,
  mounts: readonly Mount[],
  query: PageQuery,
): Promise<EntryPage> {
  if (mounts.length === 0) return await pageOf(home, [], query)
  const [own, entries] = await Promise.all([
    pageOf(home, [], { ...query, except: mounts.map(({ name }) => name) }),
    Promise.all(mounts.map(mountEntry)),
  ])
  return mergePages([own, pageOfEntries(entries, query)], query)
}

async function mountEntry({ name, shareId, entry }: Mount): Promise<Entry> {
  try {
    return { ...(await entry()), name, mount: { kind: 'share', shareId } }
  } catch {
    return { ...UNKNOWN, id: `share:${shareId}`, name, mount: { kind: 'share', shareId, isBroken: true } }
  }
}

const UNKNOWN: Omit<Entry, 'id' | 'name'> = {
  kind: 'folder',
  sizeBytes: 0,
  mtimeMs: 0,
  createdAtMs: 0,
  etag: '',
  mediaType: 'httpd/unix-directory',
  checksums: {},
  rights: { read: false, write: false, share: false },
}
