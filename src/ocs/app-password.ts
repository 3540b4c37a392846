import { parseAppPassword, parseAuthorization } from '../accounts/credentials.ts'
import { requireFreshProof } from '../accounts/fresh-proof.ts'
import { ForbiddenError, PreconditionFailedError } from '../platform/errors.ts'
import { clientLabel } from './client-label.ts'
import type { OcsCall, OcsData, OcsDeps } from './types.ts'

/** `GET core/getapppassword`: exchanges the real password for one of the program's own. */
export async function getAppPassword({ accounts, clock }: OcsDeps, call: OcsCall): Promise<OcsData> {
  requireProgram(call)
  const principal = await call.authenticate()
  requireFreshProof(principal, clock.nowMs(), 'You are using an app password already.')
  const { password } = await accounts.createAppPassword(principal, clientLabel(call.userAgent))
  return { apppassword: password }
}

/** `DELETE core/apppassword`: the program signs out and takes its own password with it. */
export async function deleteAppPassword({ accounts }: OcsDeps, call: OcsCall): Promise<OcsData> {
  requireProgram(call)
  const { userId, via } = await call.authenticate()
  const credentials = parseAuthorization(call.authorization)
  const text = credentials?.scheme === 'bearer' ? credentials.token : credentials?.password
  const parts = parseAppPassword(text ?? '')
  if (via !== 'app-password' || parts === undefined) {
    throw new ForbiddenError('This was no app password; only such a one can be given up here.')
  }
  await accounts.revokeAppPassword(userId, parts.id)
  return []
}

/** A browser that remembers a password would send it along for any page that names this address. */
function requireProgram({ isProgram }: OcsCall): void {
  if (!isProgram) throw new PreconditionFailedError('Send the header "OCS-APIRequest: true".')
}
