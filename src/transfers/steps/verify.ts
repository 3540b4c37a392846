import type { ChecksumType } from '../../store/types.ts'
import { assertDeclared } from '../declared.ts'
import { assertUnchanged, type SourceRead } from '../executors/source-body.ts'
import type { Run } from '../run.ts'
import { checksumMismatch, shortBody } from '../transfer-error.ts'
import { lanes, type VerifyPolicy } from '../types.ts'

/**
 * Compares the copy with the source: by every checksum both know, else by size. A mismatch asks the
 * source first whether it changed meanwhile, which is another error than bytes that broke on the way.
 */
export async function verify(run: Run, read: SourceRead): Promise<VerifyPolicy> {
  const { file, context } = run
  run.location = 'ERROR_TRANSFER'
  if (file.bytesDone !== file.sizeBytes) throw shortBody(file.bytesDone, file.sizeBytes)
  const common = (Object.keys(file.sourceChecksums) as ChecksumType[]).filter(
    (type) => file.checksums[type] !== undefined,
  )
  if (context.job.verify === 'size' || common.length === 0) {
    // Without checksums only the source itself can say that it stayed the same while it was read.
    if (file.lane === lanes.large) await assertUnchanged(read)
    return 'size'
  }
  const wrong = common.find((type) => file.checksums[type] !== file.sourceChecksums[type])
  if (wrong === undefined) return 'checksum'
  await assertUnchanged(read)
  const own = common.filter((type) => file.declared?.checksums?.[type] === undefined)
  // What the source itself says of its content is right, so it is the order that is wrong.
  if (own.length > 0 && own.every((type) => file.checksums[type] === file.sourceChecksums[type]))
    assertDeclared(file.declared, file.checksums)
  throw checksumMismatch(wrong, String(file.checksums[wrong]), String(file.sourceChecksums[wrong]))
}
