import { BadRequestError } from '../../platform/errors.ts'

/** The name under which a finished upload is moved to its place; no part can have it. */
export const WHOLE_NAME = '.file'

const ID_FORM = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
const PART_FORM = /^\d{1,32}$/

/** Throws `BadRequestError` for what cannot be the id of an upload; clients make numbers and UUIDs. */
export function checkUploadId(id: string): void {
  if (ID_FORM.test(id)) return
  throw new BadRequestError('The name of an upload has 1 to 128 of letters, digits, dash, dot, underscore.', {
    code: 'INVALID_UPLOAD_ID',
  })
}

/**
 * The number of a part: an index or the offset of its first byte, padded with any zeros. Both kinds sort
 * by number, and `01` and `1` are the same part. Throws `BadRequestError` for anything else.
 */
export function parsePartNumber(name: string): number {
  const number = PART_FORM.test(name) ? Number(name) : Number.NaN
  if (Number.isSafeInteger(number)) return number
  throw new BadRequestError('The name of a part is a number: its index or its first byte.', {
    code: 'INVALID_PART_NAME',
  })
}
