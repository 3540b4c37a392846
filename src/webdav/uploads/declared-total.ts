import { BadRequestError } from '../../platform/errors.ts'
import type { DavCall } from '../call.ts'

/** `OC-Total-Length`, which ownCloud's client calls `OC-Total-File-Length` at the end. */
export function declaredTotal(call: DavCall): number | undefined {
  const text = (call.header('oc-total-length') ?? call.header('oc-total-file-length'))?.trim()
  if (text === undefined) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new BadRequestError('OC-Total-Length must be a number of bytes.', { code: 'INVALID_LENGTH' })
}
