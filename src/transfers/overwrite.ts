import type { Checksums, Entry } from '../store/types.ts'
import type { OverwritePolicy } from './types.ts'

/** What is known of the source when the destination is looked at. */
export interface SourceFacts {
  sizeBytes: number
  mtimeMs: number | null
  checksums: Checksums
}

/** `write`: go on; `skip`: the same is there already; the rest are reasons to refuse. */
export type OverwriteDecision = 'write' | 'skip' | 'exists' | 'is-folder'

/** Decides what becomes of a file whose destination may exist. Pure; see `sameContent`. */
export function decideOverwrite(
  policy: OverwritePolicy,
  source: SourceFacts,
  existing: Entry | undefined,
): OverwriteDecision {
  if (existing === undefined) return 'write'
  if (existing.kind === 'folder') return 'is-folder'
  if (policy === 'always') return 'write'
  if (sameContent(source, existing)) return 'skip'
  return policy === 'never' ? 'exists' : 'write'
}

/** Equal by size and a checksum that both know; without one, by size and time of change (to the second). */
export function sameContent(source: SourceFacts, existing: Entry): boolean {
  if (source.sizeBytes !== existing.sizeBytes) return false
  const types = Object.keys(source.checksums) as (keyof Checksums)[]
  const common = types.filter((type) => existing.checksums[type] !== undefined)
  if (common.length > 0) return common.every((type) => source.checksums[type] === existing.checksums[type])
  if (source.mtimeMs === null) return false
  return Math.floor(source.mtimeMs / 1000) === Math.floor(existing.mtimeMs / 1000)
}
