import type { User } from '../accounts/types.ts'
import { NotFoundError } from '../platform/errors.ts'
import type { OcsCall, OcsData, OcsDeps, OcsQuota } from './types.ts'

/** How the protocol writes "no limit". */
const UNLIMITED = -3

/** `cloud/user`: who is signed in. Clients put `id` into every WebDAV path that follows. */
export async function getOwnUser(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  return toView(await deps.accounts.getUser(userId), await deps.quotaOf(userId))
}

/** `cloud/users/{id}`: oneself; anybody else is not there, whether they exist or not. */
export async function getUserById(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userName, userId } = await call.authenticate()
  const asked = decodeURIComponentOrEmpty(call.path.split('/')[2] ?? '')
  if (asked !== userName && asked !== userId) throw new NotFoundError('There is no such user.')
  return getOwnUser(deps, call)
}

function toView(user: User, quota: OcsQuota): OcsData {
  return {
    id: user.name,
    enabled: true,
    'display-name': user.displayName,
    displayname: user.displayName,
    email: user.email,
    groups: [],
    language: 'en',
    locale: '',
    quota: toQuotaView(quota),
  }
}

function toQuotaView({ usedBytes, freeBytes, limitBytes }: OcsQuota): OcsData {
  const total = limitBytes ?? usedBytes + freeBytes
  return {
    free: freeBytes,
    used: usedBytes,
    total,
    relative: total === 0 ? 100 : Math.round((usedBytes / total) * 10_000) / 100,
    quota: limitBytes ?? UNLIMITED,
  }
}

function decodeURIComponentOrEmpty(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
