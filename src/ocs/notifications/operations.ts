import { isoTime } from '../../platform/clock.ts'
import { NotFoundError } from '../../platform/errors.ts'
import { idInPath, requireProgram } from '../sharing/inputs.ts'
import type { OcsCall, OcsData, OcsDeps } from '../types.ts'
import type { OcsNotification } from './types.ts'

/** By what comes before the dot of a kind: the app that clients show an icon of. */
const APPS: Readonly<Record<string, string>> = {
  share: 'files_sharing',
  transfer: 'transfers',
  invitation: 'contacts',
  session: 'settings',
  'app-password': 'settings',
  quota: 'files',
}

/** `GET notifications`. */
export async function listNotifications(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  return await toViews(deps, call, await deps.notifications.list(userId))
}

/** `GET notifications/{id}`. */
export async function getNotification(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  const found = await deps.notifications.get(userId, numberInPath(call))
  return (await toViews(deps, call, [found]))[0] ?? []
}

/** `DELETE notifications/{id}`: it is out of sight; a share it is about goes on waiting. */
export async function dismissNotification(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  requireProgram(call)
  await deps.notifications.dismiss(userId, numberInPath(call))
  return []
}

/** `DELETE notifications`. */
export async function dismissAllNotifications(deps: OcsDeps, call: OcsCall): Promise<OcsData> {
  const { userId } = await call.authenticate()
  requireProgram(call)
  await deps.notifications.dismissAll(userId)
  return []
}

function numberInPath(call: OcsCall): number {
  const text = idInPath(call)
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new NotFoundError('There is no such notification.')
  return Number(text)
}

async function toViews(
  { numbers, site }: OcsDeps,
  call: OcsCall,
  shown: readonly OcsNotification[],
): Promise<OcsData[]> {
  const { userName } = await call.authenticate()
  const shares = shown.flatMap(({ share }) => (share === undefined ? [] : [share.id]))
  const ids = await numbers.numbersOf('received', shares)
  return shown.map((one) => {
    const number = ids.get(one.subjectId)
    const family = one.kind.split('.')[0] ?? ''
    return {
      notification_id: one.id,
      app: APPS[family] ?? 'admin',
      user: userName,
      datetime: isoTime(one.createdAtMs),
      object_type: one.share === undefined ? family : 'remote_share',
      object_id: number === undefined ? one.subjectId : String(number),
      subject: one.subject,
      message: one.message,
      link: `${site.publicUrl}${one.link}`,
      subjectRich: '',
      subjectRichParameters: [],
      messageRich: '',
      messageRichParameters: [],
      icon: '',
      shouldNotify: true,
      actions:
        one.share === undefined || number === undefined ? [] : actions(site.publicUrl, one.share, number),
    }
  })
}

/** What the buttons in the tray call. */
function actions(
  publicUrl: string,
  { source }: NonNullable<OcsNotification['share']>,
  number: number,
): OcsData {
  const place = source === 'remote' ? 'remote_shares' : 'shares'
  const link = `${publicUrl}/ocs/v2.php/apps/files_sharing/api/v1/${place}/pending/${number}`
  return [
    { label: 'Accept', link, type: 'POST', primary: true },
    { label: 'Decline', link, type: 'DELETE', primary: false },
  ]
}
