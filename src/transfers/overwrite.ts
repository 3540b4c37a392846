import type { Checksums, Entry } from '../store/types.ts'
import type { SyncLevel } from './job-options.ts'
import type { OverwritePolicy } from './types.ts'

/** What is known of the source when the destination is looked at. */
export interface SourceFacts {
  sizeBytes: number
  mtimeMs: number | null
  checksums: Checksums
}

/** `write`: go on; `skip`: the same is there already; the rest are reasons to refuse. */
export type OverwriteDecision = 'write' | 'skip' | 'exists' | 'is-folder'

/** By what rule a file whose destination exists is judged. */
export interface OverwriteRule {
  policy: OverwritePolicy
  /** How to find out whether both are the same; without it `always` writes in any case. */
  sync?: SyncLevel | undefined
}

/**
 * Decides what becomes of a file whose destination may exist; pure. The sync level says what counts as the
 * same, which is skipped; the policy says what happens to what is not.
 */
export function decideOverwrite(
  { policy, sync }: OverwriteRule,
  source: SourceFacts,
  existing: Entry | undefined,
): OverwriteDecision {
  if (existing === undefined) return 'write'
  if (existing.kind === 'folder') return 'is-folder'
  if (policy === 'always' && sync === undefined) return 'write'
  if (isSameBy(sync, source, existing)) return 'skip'
  return policy === 'never' ? 'exists' : 'write'
}

/**
 * Globus' levels: there at all; of equal size; of equal size and not older than the source (to the second);
 * of equal size and checksum, where what cannot be compared is another. Without a level: `sameContent`.
 */
export function isSameBy(sync: SyncLevel | undefined, source: SourceFacts, existing: Entry): boolean {
  if (sync === undefined) return sameContent(source, existing)
  if (sync === 'exists') return true
  if (source.sizeBytes !== existing.sizeBytes) return false
  if (sync === 'size') return true
  if (sync === 'checksum') return compareChecksums(source, existing) === true
  return source.mtimeMs !== null && seconds(existing.mtimeMs) >= seconds(source.mtimeMs)
}

/** Equal by size and a checksum that both know; without one, by size and time of change (to the second). */
export function sameContent(source: SourceFacts, existing: Entry): boolean {
  if (source.sizeBytes !== existing.sizeBytes) return false
  const byChecksum = compareChecksums(source, existing)
  if (byChecksum !== undefined) return byChecksum
  return source.mtimeMs !== null && seconds(source.mtimeMs) === seconds(existing.mtimeMs)
}

/** Undefined when there is no checksum that both know. */
function compareChecksums(source: SourceFacts, existing: Entry): boolean | undefined {
  const types = Object.keys(source.checksums) as (keyof Checksums)[]
  const common = types.filter((type) => existing.checksums[type] !== undefined)
  if (common.length === 0) return undefined
  return common.every((type) => source.checksums[type] === existing.checksums[type])
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
