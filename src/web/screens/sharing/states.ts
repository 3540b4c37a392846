import type { Push, ReceivedShare, Share } from '../../../client/operations.ts'
import { type MessageKey, t } from '../../i18n/t.ts'

type Tone = 'neutral' | 'good' | 'bad' | 'warn' | 'busy'

export interface StateWord {
  word: string
  tone: Tone
}

const GIVEN: Record<Share['state'], Tone> = {
  sending: 'busy',
  failed: 'bad',
  pending: 'neutral',
  accepted: 'good',
  declined: 'warn',
  revoked: 'neutral',
}

/** How a share that I gave stands, in a word: with what could not be delivered it is unreachable. */
export function givenState({ state, messages = [], recipient }: Share): StateWord {
  if (recipient.type === 'link') return { word: t('sharing.state.link'), tone: 'neutral' }
  if (messages.some((message) => message.lastError !== undefined)) {
    return { word: t('sharing.state.unreachable'), tone: 'warn' }
  }
  return { word: t(`sharing.state.${state}`), tone: GIVEN[state] }
}

const RECEIVED: Record<ReceivedShare['state'], Tone> = { ...GIVEN, pending: 'busy' }

export function receivedState({ state, goneSince }: ReceivedShare): StateWord {
  if (goneSince !== undefined && state === 'accepted') return { word: t('sharing.state.gone'), tone: 'warn' }
  return { word: t(`sharing.receivedState.${state}`), tone: RECEIVED[state] }
}

const PUSHED: Record<Push['state'], Tone> = {
  sending: 'busy',
  undelivered: 'bad',
  offered: 'neutral',
  accepted: 'busy',
  copying: 'busy',
  copied: 'good',
  failed: 'bad',
  declined: 'warn',
  revoked: 'neutral',
}

export function pushState({ state }: Push): StateWord {
  return { word: t(`sharing.pushState.${state}`), tone: PUSHED[state] }
}

export type Role = Share['role']

/** What somebody with this role may do. */
export function roleWord(role: Role): string {
  return t(`sharing.role.${role}` satisfies MessageKey)
}
