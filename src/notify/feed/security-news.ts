import { isoTime } from '../../platform/clock.ts'
import type { NodeEvents } from '../../platform/events.ts'
import { sha256Hex } from '../../platform/ids.ts'
import type { FeedDeps } from './feed.ts'

/** Somebody signed in. From where the user never came before, that is news; the very first one is not. */
export async function onSignIn(deps: FeedDeps, event: NodeEvents['signIn']): Promise<void> {
  const { userId, sessionId, client, address, via } = event
  const clientHash = sha256Hex(client)
  const { isNew, isFirst } = await deps.clients.remember(userId, clientHash, deps.nowMs())
  if (isNew && !isFirst) {
    const at = `${isoTime(deps.nowMs()).slice(0, 16).replace('T', ' ')} UTC`
    const how = via === 'oidc' ? 'by the sign-in of your institution' : 'with your password'
    const facts = { client, address, via: how, at }
    await deps.notifications.tellOnce({ userId, kind: 'session.new-client', subjectId: sessionId, facts })
  }
  const subject = { type: 'session' as const, id: sessionId, name: client }
  await deps.activities.log({ userId, kind: 'session.started', subject, onceKey: `session:${sessionId}` })
}

/** Whoever makes one can come back without the password: the user has to know. */
export async function onAppPassword(deps: FeedDeps, event: NodeEvents['appPassword']): Promise<void> {
  const { userId, id, label } = event
  await deps.notifications.tellOnce({
    ...{ userId, kind: 'app-password.created', subjectId: id, facts: { label } },
  })
  const subject = { type: 'app-password' as const, id, name: label }
  await deps.activities.log({ userId, kind: 'app-password.created', subject, onceKey: `app-password:${id}` })
}
