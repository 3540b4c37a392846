import { sha256Hex } from '../../platform/ids.ts'
import { staleToken } from '../catalogue/sync-token.ts'
import type { Change, ChangesPage, ChangesQuery, FileStore } from '../types.ts'
import type { Mount } from './mount.ts'

const MARK = '~~'

/** A share that comes or goes is no change of the home: the token says which there were. */
export function withMountsMark(token: string, mounts: readonly Mount[]): string {
  if (mounts.length === 0) return token
  const names = mounts.map(({ name, shareId }) => [name, shareId]).sort()
  return token + MARK + sha256Hex(JSON.stringify(names)).slice(0, 16)
}

/**
 * The changes of a home with the shares at its root. Nobody keeps a journal of those, so each is told every
 * time; what is in them is not, they are to be asked themselves.
 */
export async function changesWithMounts(
  home: FileStore,
  mounts: readonly Mount[],
  query: ChangesQuery,
): Promise<ChangesPage | undefined> {
  const { token, ...asked } = query
  // The shares need their part of what one answer may hold.
  const rest = { ...asked, limit: Math.max(1, asked.limit - mounts.length) }
  const plain = token?.split(MARK)[0]
  if (plain !== undefined && withMountsMark(plain, mounts) !== token) throw staleToken()
  const page = await home.changes?.([], plain === undefined ? rest : { ...rest, token: plain })
  if (page === undefined) return undefined
  const names = new Set(mounts.map(({ name }) => name))
  const changes = page.changes.filter(({ path }) => !names.has(path[0] ?? ''))
  if (page.isComplete) changes.push(...(await mountChanges(mounts)))
  return { ...page, changes, token: withMountsMark(page.token, mounts) }
}

async function mountChanges(mounts: readonly Mount[]): Promise<Change[]> {
  const entries = await Promise.allSettled(mounts.map(async (mount) => mount.entry()))
  return mounts.flatMap(({ name, shareId }, at): Change[] => {
    const one = entries[at]
    if (one?.status !== 'fulfilled') return []
    const entry = { ...one.value, name, mount: { kind: 'share', shareId } as const }
    return [{ path: [name], entry, isForeign: true }]
  })
}
