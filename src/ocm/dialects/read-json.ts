import type { z } from 'zod'
import { OcmRefusal } from '../incoming/ocm-answer.ts'

/** Of one message: an answer is not to be longer than what was sent. */
const MAX_ERRORS = 20

/** Validates foreign JSON; what is wrong becomes the `validationErrors` of a 400. */
export function readMessage<T extends z.ZodType>(schema: T, json: unknown, prefix = ''): z.output<T> {
  const read = schema.safeParse(json)
  if (read.success) return read.data
  const errors = read.error.issues.slice(0, MAX_ERRORS).map((issue) => ({
    name: [prefix, ...issue.path].filter((part) => part !== '').join('.'),
    message: isMissing(json, issue.path) ? 'REQUIRED' : 'INVALID_FORMAT',
  }))
  throw OcmRefusal.invalid(...errors)
}

function isMissing(json: unknown, path: readonly PropertyKey[]): boolean {
  let value = json
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key]
  return value === undefined || value === null || value === ''
}
