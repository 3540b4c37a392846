import { findHost } from '../ocm/address.ts'
import { inviteLink } from '../ocm/invite-string.ts'
import type { OcmClient } from '../ocm/ocm-client.ts'
import { PeerError } from '../ocm/peer-error.ts'

/** What the page on which guests pick their server asks of the node. */
export interface WayfDeps {
  ownHost: string
  /** Without trailing slash. */
  publicUrl: string
  /** The dialog of a server may have an address without TLS; closed networks and tests only. */
  insecureHttp: boolean
  ocm: Pick<OcmClient, 'discover'>
  isTrusted(host: string): Promise<boolean>
}

/** Where somebody with an account at the chosen server goes on. */
export type WayfOutcome =
  | { kind: 'go'; host: string; address: string }
  /** `why` and `remedy` are sentences for people. */
  | { kind: 'stay'; typed: string; why: string; remedy: string }

/**
 * Finds the page of the chosen server that takes an invitation of this node (OCM 1.4 "Where Are You From").
 * `typed` is the name of a server, its address, or the address of a person there.
 */
export async function findDialog(deps: WayfDeps, token: string, typed: string): Promise<WayfOutcome> {
  const stay = (why: string, remedy: string) => ({ kind: 'stay' as const, typed, why, remedy })
  const host = hostIn(typed)
  if (host === undefined) return stay('This is not the name of a server.', 'Write it like cloud.example.org.')
  const invitation = { token, provider: deps.ownHost }
  const go = (dialog: string) => ({ kind: 'go' as const, host, address: inviteLink(dialog, invitation) })
  if (host === deps.ownHost) return go(`${deps.publicUrl}/accept-invite`)
  if (!(await deps.isTrusted(host)))
    return stay(
      `This node does not talk to ${host}.`,
      'Use an account on another server, or ask who invited you.',
    )
  try {
    const { inviteAcceptDialog: dialog, capabilities } = await deps.ocm.discover(host)
    if (dialog !== undefined && (deps.insecureHttp || dialog.startsWith('https:'))) return go(dialog)
    if (capabilities.includes('invites')) return stay(`${host} has no page for invitations.`, PASTE)
    return stay(`${host} does not say that it takes invitations.`, PASTE_ALL_THE_SAME)
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    return stay(error.message, error.reason === 'no-such-host' ? 'Check the spelling.' : PASTE_ALL_THE_SAME)
  }
}

const PASTE = 'Sign in there, and paste the code below where it takes invitations.'
const PASTE_ALL_THE_SAME =
  'If your account is there, sign in and look for a place that takes the code below; if there is none, ask its operators.'

/** Of `user@host` the host; the last `@` counts, so nothing but a host is ever asked. */
function hostIn(typed: string): string | undefined {
  const text = typed.trim()
  return findHost(text.slice(text.lastIndexOf('@') + 1))
}
