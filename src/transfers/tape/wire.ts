import { z } from 'zod'

/** The states of a file in a request of the WLCG Tape REST API v1. */
export const tapeStates = ['SUBMITTED', 'STARTED', 'CANCELLED', 'FAILED', 'COMPLETED'] as const
export const localities = ['DISK', 'TAPE', 'DISK_AND_TAPE', 'LOST', 'NONE', 'UNAVAILABLE'] as const

export const discoverySchema = z.object({
  sitename: z.string().optional(),
  endpoints: z.array(z.object({ uri: z.string(), version: z.string() })).default([]),
})

export const stagedSchema = z.object({ requestId: z.string().min(1).max(500) })

const fileSchema = z.object({
  path: z.string(),
  /** A server tells `state` or `onDisk`, not both. */
  state: z.string().optional(),
  onDisk: z.boolean().optional(),
  error: z.string().nullish(),
})
export const requestSchema = z.object({ id: z.string().optional(), files: z.array(fileSchema) })

export const archiveSchema = z.array(
  z.object({ path: z.string(), locality: z.string().optional(), error: z.string().nullish() }),
)

/** RFC 7807. */
export const problemSchema = z.object({
  title: z.string().optional(),
  detail: z.string().optional(),
  status: z.number().optional(),
})
