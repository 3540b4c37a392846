import type { Checksums, ChecksumType, Entry } from '../store/types.ts'
import { TransferError } from './transfer-error.ts'
import type { DeclaredFile } from './types.ts'

/**
 * What is to be verified of a file: what its source says and what the order says. Throws, for good, when
 * the two contradict each other: then it is not the file that was meant.
 */
export function reconcile(declared: DeclaredFile | null, entry: Entry): Checksums {
  if (declared === null) return entry.checksums
  const { sizeBytes, checksums = {} } = declared
  if (sizeBytes !== undefined && sizeBytes !== entry.sizeBytes)
    throw wrongDeclaration('SIZE', `the order says ${sizeBytes} bytes, the source has ${entry.sizeBytes}`)
  for (const [name, value] of Object.entries(checksums)) {
    const theirs = entry.checksums[name as ChecksumType]
    if (theirs !== undefined && theirs !== value)
      throw wrongDeclaration('CHECKSUM', `the order says ${name} ${value}, the source ${theirs}`)
  }
  return { ...entry.checksums, ...checksums }
}

/** The copy is what the source has, and that is not what the order says. */
export function assertDeclared(declared: DeclaredFile | null, copied: Checksums): void {
  for (const [name, value] of Object.entries(declared?.checksums ?? {})) {
    const got = copied[name as ChecksumType]
    if (got !== undefined && got !== value)
      throw wrongDeclaration('CHECKSUM', `the order says ${name} ${value}, what the source sends has ${got}`)
  }
}

function wrongDeclaration(what: 'SIZE' | 'CHECKSUM', words: string): TransferError {
  return new TransferError({
    code: `DECLARED_${what}_WRONG`,
    type: 'PERMANENT_REMOTE_ERROR',
    location: 'ERROR_SOURCE',
    message: `This is not the file that was ordered: ${words}. Correct the order, or look at the source.`,
    temporary: false,
    dropBytes: true,
  })
}
