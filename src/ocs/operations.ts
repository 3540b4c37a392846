import { MethodNotAllowedError, NotFoundError } from '../platform/errors.ts'
import { deleteAppPassword, getAppPassword } from './app-password.ts'
import { announcesBulk, announcesTus, capabilities } from './capabilities.ts'
import { findQuietAnswer } from './quiet.ts'
import { sharingOperations } from './sharing-operations.ts'
import type { OcsCall, OcsData, OcsDeps, Operation } from './types.ts'
import { getOwnUser, getUserById } from './user.ts'

const operations: readonly Operation[] = [
  { method: 'GET', path: /^config$/, run: ({ site }) => configDocument(site.publicUrl) },
  { method: 'GET', path: /^cloud\/capabilities$/, run: getCapabilities },
  { method: 'GET', path: /^cloud\/user$/, run: getOwnUser },
  { method: 'GET', path: /^cloud\/users\/[^/]+$/, run: getUserById },
  { method: 'GET', path: /^core\/getapppassword$/, run: getAppPassword },
  { method: 'DELETE', path: /^core\/apppassword$/, run: deleteAppPassword },
  ...sharingOperations,
]

/** The code of the error for an address at which there is no operation. */
export const NO_SUCH_OPERATION = 'NO_SUCH_OPERATION'

/** What a path names; throws `MethodNotAllowedError` for another method. */
export function findOperation({ method, path }: Pick<OcsCall, 'method' | 'path'>): Operation | undefined {
  const here = operations.filter((one) => one.path.test(path))
  const found = here.find((one) => one.method === method || (one.method === 'GET' && method === 'HEAD'))
  if (found === undefined && here.length > 0) {
    throw new MethodNotAllowedError('This is not asked for in that way.')
  }
  return found
}

/** Runs what a path names; throws `AppError` for refusals. */
export async function runOperation(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const operation = findOperation(call)
  if (operation !== undefined) return operation.run(deps, call)
  const quiet = await findQuietAnswer(call)
  if (quiet !== undefined) return quiet
  throw new NotFoundError('This server has nothing of that kind.', { code: NO_SUCH_OPERATION })
}

/** They say nothing about anybody, so nobody has to sign in; but wrong credentials are told at once. */
async function getCapabilities(
  { site, bulkUpload, keeps, sharing }: OcsDeps,
  call: OcsCall,
): Promise<OcsData> {
  if (call.authorization !== undefined) await call.authenticate()
  const { userAgent } = call
  const bulk = announcesBulk(bulkUpload, userAgent)
  const tus = announcesTus(userAgent)
  return capabilities(site, { ...keeps, bulkUpload: bulk, tus, sharing: sharing.features })
}

function configDocument(publicUrl: string): OcsData {
  const { host, protocol } = new URL(publicUrl)
  return { version: '1.7', website: 'Causeway', host, contact: '', ssl: protocol === 'https:' }
}
