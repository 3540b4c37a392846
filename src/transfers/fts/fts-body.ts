import { z } from 'zod'
import { BadRequestError } from '../../platform/errors.ts'
import { HEX_DIGITS, hashTypes } from '../../platform/running-hash.ts'
import type { Checksums } from '../../store/types.ts'
import type { TransferItem, TransferOrder } from '../types.ts'

const text = z.string().max(32_768)

/**
 * A file of an FTS3 submission. What would need us to do other things than we do (tokens of other
 * issuers, bring-online, archives) is refused where it asks for something.
 */
const fileSchema = z.object({
  sources: z.array(text).min(1).max(50),
  destinations: z.array(text).min(1),
  checksum: z.string().max(300).nullish(),
  checksums: z.string().max(300).nullish(),
  filesize: z.int().min(0).nullish(),
  priority: z.int().nullish(),
  source_tokens: z.array(z.string()).nullish(),
  destination_tokens: z.array(z.string()).nullish(),
  metadata: z.unknown().optional(),
})

const overwriteFlag = z
  .union([z.boolean(), z.enum(['true', 'false'])])
  .transform((flag) => `${flag}` === 'true')

const paramsSchema = z.object({
  verify_checksum: z
    .union([z.boolean(), z.enum(['source', 'target', 'both', 'none', 'true', 'false'])])
    .nullish(),
  overwrite: overwriteFlag.nullish(),
  retry: z.int().min(-1).max(99).nullish(),
  priority: z.int().nullish(),
  max_time_in_queue: z.union([z.int(), z.string().max(20)]).nullish(),
  bring_online: z.int().nullish(),
  archive_timeout: z.int().nullish(),
  multihop: z.boolean().nullish(),
  nostreams: z.int().nullish(),
  job_metadata: z.unknown().optional(),
  id_generator: z.enum(['standard', 'deterministic']).nullish(),
  sid: z.string().max(200).nullish(),
})

/** The body of `POST /jobs` of FTS3; what it has besides is ignored, as FTS does. */
export const ftsBodySchema = z.object({
  files: z.array(fileSchema).min(1).max(100_000),
  params: paramsSchema.nullish(),
})

type FtsBody = z.infer<typeof ftsBodySchema>
type FtsFile = z.infer<typeof fileSchema>
type FtsParams = z.infer<typeof paramsSchema>

/** Our order for an FTS submission. Throws `BadRequestError` for what we cannot do. */
export function fromFts(body: FtsBody, nowMs: number): TransferOrder {
  const params: FtsParams = body.params ?? {}
  refuse(params)
  const items = body.files.map((file, index) => toItem(file, index))
  const [first] = items
  if (first === undefined) throw invalid('files', 'has no file')
  const minutes = params.max_time_in_queue
  const deadlineMs = minutes == null || minutes === 0 ? undefined : nowMs + queueMs(minutes)
  return {
    source: first.source,
    destination: first.destination,
    items,
    overwrite: params.overwrite === true ? 'always' : 'never',
    priority: toPriority(params.priority ?? body.files[0]?.priority ?? 3),
    verify: isUnverified(params.verify_checksum) ? 'size' : 'checksum',
    deadlineMs,
    options: {
      // FTS counts repeats, we count attempts; -1 and 0 leave it to the server.
      ...((params.retry ?? 0) > 0 ? { maxTries: (params.retry as number) + 1 } : {}),
      ...((params.nostreams ?? 0) > 0 ? { streams: Math.min(16, params.nostreams as number) } : {}),
      ...(params.job_metadata == null ? {} : { metadata: { fts: params.job_metadata } }),
    },
  }
}

function refuse(params: FtsParams): void {
  if ((params.bring_online ?? -1) > 0) throw invalid('params.bring_online', 'is decided by the endpoint here')
  if ((params.archive_timeout ?? -1) > 0) throw invalid('params.archive_timeout', 'is not watched here')
  if (params.multihop === true) throw invalid('params.multihop', 'is not done here; order each hop')
  if (params.id_generator === 'deterministic' && !params.sid)
    throw invalid('params.sid', 'is needed for deterministic ids')
}

function toItem(file: FtsFile, index: number): TransferItem {
  const field = `files.${index}`
  const [destination = ''] = file.destinations
  if (file.destinations.length > 1) throw invalid(`${field}.destinations`, 'may be one only')
  if ((file.source_tokens ?? file.destination_tokens ?? []).length > 0)
    throw invalid(`${field}.source_tokens`, 'are not taken; define endpoints with their credentials')
  for (const url of [...file.sources, destination]) assertUrl(url, field)
  const [source = ''] = file.sources
  const replicas = file.sources.map((url) => ({ url }))
  return {
    source: replicas.length === 1 ? { url: source } : { replicas },
    destination: { url: destination },
    sizeBytes: file.filesize == null || file.filesize === 0 ? undefined : file.filesize,
    checksums: toChecksums(file.checksum ?? file.checksums, field),
  }
}

/** FTS' rules: no `file:`, and a host and a path. What speaks which scheme is found out later. */
function assertUrl(url: string, field: string): void {
  const parsed = URL.parse(url)
  if (parsed === null || parsed.protocol === 'file:' || parsed.host === '' || parsed.pathname.length < 2)
    throw invalid(field, `has "${url.slice(0, 200)}", which is no URL with host and path`)
}

/** `adler32:1234abcd`; leading zeros may be missing. */
function toChecksums(given: string | null | undefined, field: string): Checksums | undefined {
  if (given == null || given === '') return undefined
  const [, name = '', value = ''] = /^([\w-]+):([0-9a-f]+)$/i.exec(given) ?? []
  const type = hashTypes.find((known) => known === name.toLowerCase().replace('-', ''))
  if (type === undefined)
    throw invalid(`${field}.checksum`, `is not one of ${hashTypes.join(':, ')}: and hex`)
  const length = HEX_DIGITS[type]
  const padded = value.toLowerCase().padStart(length, '0')
  if (padded.length !== length) throw invalid(`${field}.checksum`, `has more digits than a ${type}`)
  return { [type]: padded }
}

function isUnverified(mode: FtsParams['verify_checksum']): boolean {
  return mode === 'none' || mode === 'false'
}

/** A number is hours; `30m`, `2h`, `1d`, `90s` say what they are. */
function queueMs(value: number | string): number {
  if (typeof value === 'number') return value * 3_600_000
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(value) ?? []
  const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  const ms = Number(count) * (units[unit] ?? Number.NaN)
  if (Number.isNaN(ms)) throw invalid('params.max_time_in_queue', 'is hours, or 90s, 30m, 2h, 1d')
  return ms
}

/** 1 to 5, clamped as FTS does, on our scale of 1 to 100. */
export function toPriority(fts: number): number {
  return Math.min(5, Math.max(1, fts)) * 20 - 10
}

export function fromPriority(priority: number): number {
  return Math.min(5, Math.max(1, Math.ceil(priority / 20)))
}

function invalid(field: string, message: string): BadRequestError {
  return new BadRequestError(`${field} ${message}.`, {
    code: 'INVALID_INPUT',
    fields: [{ field, message }],
  })
}
