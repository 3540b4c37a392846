import { oneLine } from '../plain-text.ts'
import type { Activity, ActivityKind } from './types.ts'

type Words = (facts: { name: string; with: string; from: string; count: number }) => string

const ONE: Record<ActivityKind, Words> = {
  'file.created': ({ name }) => `added ${name}`,
  'file.changed': ({ name }) => `changed ${name}`,
  'file.moved': ({ name, from }) => (from === '' ? `moved ${name}` : `moved ${name} from ${from}`),
  'file.deleted': ({ name }) => `deleted ${name}`,
  'file.restored': ({ name }) => `restored ${name}`,
  'share.given': (one) => `shared ${one.name}${one.with === '' ? ' by a link' : ` with ${one.with}`}`,
  'share.received': ({ name }) => `wants to share ${name} with you`,
  'share.accepted': ({ name }) => `accepted ${name}`,
  'share.declined': ({ name }) => `declined or left ${name}`,
  'share.revoked': ({ name }) => `no longer shares ${name}`,
  'share.failed': (one) => `could not be given ${one.name}`,
  'invitation.accepted': () => 'accepted your invitation',
  'contact.added': ({ name }) => `connected with ${name}`,
  'transfer.finished': ({ name }) => `transferred ${name}`,
  'transfer.partial': ({ name }) => `transferred ${name}, but not all of it arrived`,
  'transfer.failed': ({ name }) => `could not transfer ${name}`,
  'session.started': ({ name }) => `signed in from ${name}`,
  'app-password.created': ({ name }) => `made the app password ${name}`,
}

const MANY: Partial<Record<ActivityKind, string>> = {
  'file.created': 'added',
  'file.changed': 'changed',
  'file.moved': 'moved',
  'file.deleted': 'deleted',
  'file.restored': 'restored',
}

/** An activity in words: `Ann added "sky.fits"`. */
export function activityText({ kind, actor, subject, facts }: Activity): string {
  const who = oneLine(actor.name) || 'Somebody'
  const name = `"${oneLine(subject.name)}"`
  const verb = MANY[kind]
  if (facts.count !== undefined && verb !== undefined) {
    return `${who} ${verb} ${facts.count} ${facts.count === 1 ? 'thing' : 'things'} in ${name}`
  }
  const from = facts.from === undefined ? '' : oneLine(facts.from)
  return `${who} ${ONE[kind]({ name, from, with: oneLine(facts.with ?? ''), count: 1 })}`
}
