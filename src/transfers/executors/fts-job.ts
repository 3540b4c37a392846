import type { CopyTask } from './executor.ts'
import { authorizationOf } from './third-party-credentials.ts'
import type { FarEnd, FarEnds } from './third-party-ends.ts'

/** What FTS compares: the kinds that it computes everywhere. */
const CHECKSUM_NAMES = [
  ['adler32', 'adler32'],
  ['md5', 'md5'],
  ['crc32c', 'crc32c'],
] as const

export interface FtsJobFacts {
  task: CopyTask
  ends: FarEnds
  sid: string
  activity: string
  /** Over plain http no token is sent that opens a server of https. */
  ftsUrl: string
}

/** The body of `POST /jobs` for one file. The node itself tries again, so FTS shall not. */
export async function ftsJobOf({ task, ends, sid, activity, ftsUrl }: FtsJobFacts): Promise<object> {
  const known = CHECKSUM_NAMES.find(([type]) => task.sourceChecksums[type] !== undefined)
  const isCompared = task.verifyChecksum && known !== undefined
  return {
    files: [
      {
        sources: [ends.source.url],
        destinations: [ends.destination.url],
        ...(await tokens(ends, ftsUrl)),
        ...(isCompared ? { checksum: `${known[1]}:${task.sourceChecksums[known[0]]}` } : {}),
        filesize: task.expected.sizeBytes,
        activity,
        metadata: { issuer: 'causeway', request: task.id },
      },
    ],
    params: {
      verify_checksum: isCompared ? 'target' : 'none',
      overwrite: task.conditions.ifNoneMatch !== '*',
      retry: 0,
      ...(task.streams === undefined ? {} : { nostreams: task.streams }),
      id_generator: 'deterministic',
      sid,
      job_metadata: { issuer: 'causeway' },
    },
  }
}

/** Both or none, and only what FTS takes: tokens of three parts. Without, it uses what it has of its own. */
async function tokens({ source, destination }: FarEnds, ftsUrl: string): Promise<object> {
  const [from, to] = [await tokenOf(source, ftsUrl), await tokenOf(destination, ftsUrl)]
  if (from === undefined || to === undefined) return {}
  return { source_tokens: [from], destination_tokens: [to] }
}

async function tokenOf(end: FarEnd, ftsUrl: string): Promise<string | undefined> {
  // FTS shows the token of one end to the other, which a user chose.
  if (end.credentials.mayBeHandedOn === false) return undefined
  if (end.url.startsWith('https:') && !ftsUrl.startsWith('https:')) return undefined
  const header = (await authorizationOf(end)) ?? ''
  return /^bearer\s+([\w-]+\.[\w-]+\.[\w-]+)\s*$/i.exec(header)?.[1]
}
