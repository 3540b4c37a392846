import { isoTime } from '../../platform/clock.ts'
import { uuid5 } from '../../platform/ids.ts'
import { type DtrState, hasReached } from '../dtr-states.ts'
import { type DestinationRef, type PlaceRef, placesOf, type SourceRef } from '../endpoints.ts'
import type { TransferFile, TransferJob } from '../types.ts'
import { fromPriority } from './fts-body.ts'

/** The namespace from which FTS3 derives deterministic job ids. */
const FTS_NAMESPACE = '01874efb-4735-4595-bc9c-591aef8240c9'

/** uuid5(uuid5(base, vo), sid), as clients of FTS3 compute it themselves. */
export function deterministicId(vo: string, sid: string): string {
  return uuid5(uuid5(FTS_NAMESPACE, vo), sid)
}

/** FTS3's name for what a file is doing. */
export function ftsFileState(state: DtrState): string {
  if (state === 'DONE' || state === 'SKIPPED') return 'FINISHED'
  if (state === 'ERROR') return 'FAILED'
  if (state === 'CANCELLED') return 'CANCELED'
  if (state.startsWith('STAG')) return 'STAGING'
  return hasReached(state, 'TRANSFER') ? 'ACTIVE' : 'SUBMITTED'
}

/** FTS3's name for the state of a job; a paused one waits like a new one. */
export function ftsJobState({ state }: TransferJob): string {
  return state === 'PAUSED' ? 'SUBMITTED' : state
}

/** A job with the fields that clients of FTS3 read. */
export function toFtsJob(job: TransferJob, user: { name: string }): Record<string, unknown> {
  return {
    job_id: job.id,
    job_state: ftsJobState(job),
    job_type: 'N',
    submit_time: isoTime(job.createdAtMs),
    job_finished: job.finishedAtMs === null ? null : isoTime(job.finishedAtMs),
    reason: job.errorText,
    priority: fromPriority(job.priority),
    vo_name: user.name,
    user_dn: user.name,
    source_se: seOf(job.source),
    dest_se: seOf(job.destination),
    overwrite_flag: job.overwrite === 'always',
    verify_checksum: job.verify === 'checksum' ? 'b' : 'n',
    job_metadata: job.options.metadata?.fts ?? null,
    cancel_job: job.cancelRequested,
  }
}

/** A file of a job with the fields that clients of FTS3 read. */
export function toFtsFile(job: TransferJob, file: TransferFile, index: number): Record<string, unknown> {
  return {
    file_id: file.id,
    file_index: index,
    job_id: job.id,
    file_state: ftsFileState(file.state),
    source_surl: textOf(
      placesOf(file.source ?? job.source)[file.sourceIndex],
      file.source === null ? file.path : '',
    ),
    dest_surl: textOf(file.destination ?? job.destination, file.destination === null ? file.path : ''),
    filesize: file.sizeBytes,
    user_filesize: file.declared?.sizeBytes ?? 0,
    checksum: checksumOf(file),
    transferred: file.bytesDone,
    retry: Math.max(0, file.attempts - 1),
    reason: file.errorText ?? '',
    recoverable: file.errorCode === null ? null : file.state !== 'ERROR',
  }
}

function checksumOf({ declared }: TransferFile): string | null {
  const [first] = Object.entries(declared?.checksums ?? {})
  return first === undefined ? null : first.join(':')
}

function textOf(place: PlaceRef | DestinationRef | undefined, below: string): string {
  const tail = below === '' ? '' : `/${below}`
  if (place === undefined) return ''
  if ('url' in place) return place.url + tail
  if ('endpoint' in place) return `${place.endpoint}:${place.path}${tail}`
  return 'shareId' in place
    ? `share:${place.shareId}${place.path ?? ''}${tail}`
    : `drive:${place.path}${tail}`
}

function seOf(place: SourceRef | DestinationRef): string {
  const [first] = placesOf(place)
  const url = first !== undefined && 'url' in first ? URL.parse(first.url) : null
  return url === null ? 'here' : `${url.protocol}//${url.host}`
}
