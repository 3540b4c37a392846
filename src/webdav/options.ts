import { type DavAnswer, type DavCall, findEntry } from './call.ts'
import { tusAbilities } from './tus/tus-headers.ts'
import { ALLOW, DAV_CLASSES } from './wire.ts'

/** OPTIONS (RFC 9110 9.3.7, RFC 4918 10.1). `MS-Author-Via` is what makes Windows and Office write. */
export async function options(call: DavCall): Promise<DavAnswer> {
  const entry = await findEntry(call.store, call.session.path)
  return {
    status: 200,
    headers: {
      DAV: DAV_CLASSES,
      'MS-Author-Via': 'DAV',
      Allow: ALLOW[entry?.kind ?? 'nothing'],
      'Accept-Ranges': 'bytes',
      'Content-Length': '0',
      ...(call.session.resumable === undefined ? {} : tusAbilities(call.context.maxUploadBytes)),
    },
  }
}
