import type { Db } from '../../platform/db.ts'

/** True when every file that a job copied agreed with a checksum of its source, and none is missing. */
export async function isVerified(db: Db, jobId: string): Promise<boolean> {
  const doubtful = await db('transfer_files')
    .where({ job_id: jobId })
    .whereNot({ state: 'SKIPPED' })
    .whereNot((file) => file.where({ state: 'DONE', verified: 'checksum' }))
    .first('id')
  return doubtful === undefined
}
