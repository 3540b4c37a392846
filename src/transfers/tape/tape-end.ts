import type { Outbound } from '../../platform/outbound.ts'
import type { TransferSource } from '../endpoints.ts'
import { type Run, sourceOf } from '../run.ts'
import type { TransferFile } from '../types.ts'
import { TapeClient, tapePathOf } from './tape-client.ts'

/** Files of one request; sites split or refuse larger ones. */
export const MAX_FILES = 200

/** A source whose files may lie on tape. */
export interface TapeEnd {
  client: TapeClient
  baseUrl: string
  path: string
}

/** Undefined when the source has no tape that we could ask for. */
export function findTapeEnd(
  outbound: Outbound,
  { remote, abilities, path }: TransferSource,
): TapeEnd | undefined {
  const baseUrl = abilities?.tapeUrl
  if (remote === undefined || baseUrl === undefined) return undefined
  const client = new TapeClient({ outbound, baseUrl, credentials: remote.credentials })
  return { client, baseUrl, path: tapePathOf(remote.urlOf(path)) }
}

/** The same of another file of the job of `run`; undefined too when its source cannot be found now. */
export async function findTapeEndOf(
  outbound: Outbound,
  run: Run,
  file: TransferFile,
): Promise<TapeEnd | undefined> {
  const source = await sourceOf({ ...run, file }).catch(() => undefined)
  return source === undefined ? undefined : findTapeEnd(outbound, source)
}
