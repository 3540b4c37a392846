import type { ArcTerms } from './arc-options.ts'
import { CHECKSUM_TYPES, type Checksums, type ChecksumType, typesFor } from './checksums.ts'

/** How one source goes to its destination: the options of the command and those of both URLs. */
export interface CopyTerms {
  /** What becomes of a file that is there: replaced, a failure, or left without a word. */
  present: 'replace' | 'fail' | 'skip'
  /** Connections for one large download. */
  threads: number
  /** Parts of files may be asked for, and what a broken download left is used. */
  resume: boolean
  /** Large files go up in pieces: always, never, or where that pays off. */
  pieces: boolean | undefined
  executable: boolean
  /** Undefined: the modes of the local copy are left alone. */
  readOnly: boolean | undefined
  makeParents: boolean
  failureAllowed: boolean
  /** What to compute; undefined for the usual, empty for nothing. */
  checksumTypes: readonly ChecksumType[] | undefined
  blockBytes: number
}

export const DEFAULT_BLOCK_BYTES = 1024 * 1024

/** What the command line says of all copies. */
export interface CopyCommandTerms {
  present?: CopyTerms['present'] | undefined
  threads?: number | undefined
  resume: boolean
  makeParents: boolean
}

/** The command's own options come first, then those of the destination, then those of the source. */
export function mergeTerms(command: CopyCommandTerms, source: ArcTerms, target: ArcTerms): CopyTerms {
  const both = { ...source, ...target }
  return {
    present: command.present ?? (target.overwrite === false ? 'fail' : 'replace'),
    threads: command.threads ?? both.threads ?? 1,
    resume: command.resume && source.getPartial !== false,
    pieces: target.putPartial,
    executable: both.executable === true,
    readOnly: both.readOnly,
    makeParents: command.makeParents || target.makeParents === true,
    failureAllowed: both.failureAllowed === true,
    checksumTypes: both.checksumTypes,
    blockBytes: both.blockBytes ?? DEFAULT_BLOCK_BYTES,
  }
}

/**
 * Every type that was stated, and besides what `;checksum=` asks for, else the usual and the best that the
 * other side can be compared by. A checksum that somebody stated is never passed over for a stronger one.
 */
export function typesToCompute(
  { checksumTypes }: Pick<CopyTerms, 'checksumTypes'>,
  stated: Checksums = {},
  shown: Checksums = {},
): ChecksumType[] {
  const types = typesFor({ types: checksumTypes, checksums: shown })
  return [...new Set([...types, ...CHECKSUM_TYPES.filter((type) => stated[type] !== undefined)])]
}
