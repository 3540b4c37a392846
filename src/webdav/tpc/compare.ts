import { hashTypes } from '../../platform/running-hash.ts'
import type { Checksums, Entry } from '../../store/types.ts'
import { CopyFailure, remoteStatus } from './failure.ts'
import { type FarFacts, probe } from './far-end.ts'
import type { Task } from './pull.ts'

type Pushed = Pick<Task, 'file' | 'order' | 'signal'> & { entry: Entry }

/** Throws `CopyFailure` unless what stands there now has our length, and our checksum where both know one of a kind. */
export async function compareWithFar({ file, order, entry, signal }: Pushed): Promise<void> {
  if (order.requireChecksum === false) return
  const facts = await probe(file, signal)
  if (facts.status !== 200) {
    if (order.requireChecksum !== true) return
    throw remoteStatus(file.url.host, 'HEAD', facts.status)
  }
  if (facts.sizeBytes !== undefined && facts.sizeBytes !== entry.sizeBytes) {
    throw new CopyFailure(`The destination has ${facts.sizeBytes} of ${entry.sizeBytes} bytes`)
  }
  compareChecksums(facts, entry.checksums, order.requireChecksum === true)
}

function compareChecksums({ checksums }: FarFacts, own: Checksums, isRequired: boolean): void {
  const common = hashTypes.filter((type) => checksums[type] !== undefined && own[type] !== undefined)
  const other = common.find((type) => checksums[type] !== own[type])
  if (other !== undefined) {
    throw new CopyFailure(`Checksum mismatch: ${other} is ${own[other]} here and ${checksums[other]} there`)
  }
  if (common.length > 0 || !isRequired) return
  throw new CopyFailure('The destination names no checksum, and RequireChecksumVerification asks for one')
}
