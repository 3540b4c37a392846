import { MethodNotAllowedError, NotFoundError } from '../platform/errors.ts'
import { deleteAppPassword, getAppPassword } from './app-password.ts'
import { announcesBulk, announcesTus, capabilities } from './capabilities.ts'
import { findQuietAnswer } from './quiet.ts'
import type { OcsCall, OcsData, OcsDeps } from './types.ts'
import { getOwnUser, getUserById } from './user.ts'

interface Operation {
  method: string
  path: RegExp
  run(deps: OcsDeps, call: OcsCall): OcsData | Promise<OcsData>
}

const operations: readonly Operation[] = [
  { method: 'GET', path: /^config$/, run: ({ site }) => configDocument(site.publicUrl) },
  { method: 'GET', path: /^cloud\/capabilities$/, run: getCapabilities },
  { method: 'GET', path: /^cloud\/user$/, run: getOwnUser },
  { method: 'GET', path: /^cloud\/users\/[^/]+$/, run: getUserById },
  { method: 'GET', path: /^core\/getapppassword$/, run: getAppPassword },
  { method: 'DELETE', path: /^core\/apppassword$/, run: deleteAppPassword },
]

/** Runs what a path names; throws `AppError` for refusals. */
export async function runOperation(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const here = operations.filter(({ path }) => path.test(call.path))
  const operation = here.find(
    ({ method }) => method === call.method || (method === 'GET' && call.method === 'HEAD'),
  )
  if (operation !== undefined) return operation.run(deps, call)
  if (here.length > 0) throw new MethodNotAllowedError('This is not asked for in that way.')
  const quiet = await findQuietAnswer(call)
  if (quiet !== undefined) return quiet
  throw new NotFoundError('This server has nothing of that kind.')
}

/** They say nothing about anybody, so nobody has to sign in; but wrong credentials are told at once. */
async function getCapabilities({ site, bulkUpload, keeps }: OcsDeps, call: OcsCall): Promise<OcsData> {
  if (call.authorization !== undefined) await call.authenticate()
  const { userAgent } = call
  const bulk = announcesBulk(bulkUpload, userAgent)
  return capabilities(site, { ...keeps, bulkUpload: bulk, tus: announcesTus(userAgent) })
}

function configDocument(publicUrl: string): OcsData {
  const { host, protocol } = new URL(publicUrl)
  return { version: '1.7', website: 'Causeway', host, contact: '', ssl: protocol === 'https:' }
}
