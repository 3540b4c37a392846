import { computed, signal } from '@preact/signals'
import { api, setCsrfToken, whenSessionEnds } from './api.ts'
import { hrefOf, navigate, place } from './router.ts'
import { remembered } from './upload/browser-memory.ts'

/**
 * `loading` until the node has said who we are; `ended`: the node knew us, and does so no longer, while the page
 * keeps what it was doing.
 */
export type SessionState = 'loading' | 'signed-in' | 'ended' | 'signed-out' | 'unreachable'

type Session = Awaited<ReturnType<typeof api.getSession>>

export const sessionState = signal<SessionState>('loading')
/** What the node says about itself and us. */
export const session = signal<Session | undefined>(undefined)
export const me = computed(() => session.value?.user)
export const siteName = computed(() => session.value?.siteName ?? 'Causeway')

/**
 * Asks the node who we are; also after signing in or out in another tab. Where that was somebody else, the page begins
 * anew and this never ends: whatever waits for it belongs to the person who was here before.
 */
export async function loadSession(): Promise<void> {
  try {
    const answer = await api.getSession()
    if (answer.user === undefined && sessionState.value === 'ended') return
    if (me.value !== undefined && answer.user !== undefined && answer.user.id !== me.value.id) {
      window.location.reload()
      return await new Promise<never>(() => undefined)
    }
    setCsrfToken(answer.csrfToken)
    session.value = answer
    sessionState.value = answer.user === undefined ? 'signed-out' : 'signed-in'
  } catch {
    if (sessionState.value === 'loading') sessionState.value = 'unreachable'
  }
}

/** Throws an `ApiProblem` when the name or the password is wrong, or there were too many attempts. */
export async function signIn(name: string, password: string): Promise<void> {
  await api.signIn({ body: { name, password } })
  await loadSession()
  tellTabs()
}

/** Out here and, for whoever came in by an identity provider, out there as well. */
export async function signOut(): Promise<void> {
  const atProvider = session.value?.signOutUrl
  const user = me.value?.name
  await api.signOut()
  await loadSession()
  if (user !== undefined) remembered.forgetUser(user)
  tellTabs('signed-out')
  if (atProvider !== undefined) window.location.assign(atProvider)
  else navigate(hrefOf(['login']))
}

/** Where to go after signing in: only a place of this page. */
export function returnTo(): string {
  const wanted = place.value.query.get('returnTo') ?? ''
  return /^\/(?![/\\])/.test(wanted) ? wanted : hrefOf(['files'])
}

const tabs = new BroadcastChannel('causeway-session')
tabs.addEventListener('message', ({ data }) => {
  if (data === 'signed-out' && sessionState.value === 'ended') sessionState.value = 'signed-out'
  void loadSession()
})

function tellTabs(what: 'changed' | 'signed-out' = 'changed'): void {
  tabs.postMessage(what)
}

// The session ended while the page was open: the page asks to sign in and keeps what it was doing.
whenSessionEnds(() => {
  if (sessionState.value === 'signed-in') sessionState.value = 'ended'
})

// Somebody may have signed in again elsewhere, as with an identity provider in another tab.
window.addEventListener('focus', () => {
  if (sessionState.value === 'ended') void loadSession()
})
