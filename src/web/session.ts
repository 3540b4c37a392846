import { computed, signal } from '@preact/signals'
import { api, setCsrfToken, whenSessionEnds } from './api.ts'
import { hrefOf, navigate, place } from './router.ts'

/** `loading` until the node has said who we are. */
export type SessionState = 'loading' | 'signed-in' | 'signed-out' | 'unreachable'

type Session = Awaited<ReturnType<typeof api.getSession>>

export const sessionState = signal<SessionState>('loading')
/** What the node says about itself and us. */
export const session = signal<Session | undefined>(undefined)
export const me = computed(() => session.value?.user)
export const siteName = computed(() => session.value?.siteName ?? 'Causeway')

/** Asks the node who we are; also after signing in or out in another tab. */
export async function loadSession(): Promise<void> {
  try {
    const answer = await api.getSession()
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

export async function signOut(): Promise<void> {
  await api.signOut()
  await loadSession()
  tellTabs()
  navigate(hrefOf(['login']))
}

/** Where to go after signing in: only a place of this page. */
export function returnTo(): string {
  const wanted = place.value.query.get('returnTo') ?? ''
  return /^\/(?![/\\])/.test(wanted) ? wanted : hrefOf(['files'])
}

const tabs = new BroadcastChannel('causeway-session')
tabs.addEventListener('message', () => void loadSession())

function tellTabs(): void {
  tabs.postMessage('changed')
}

// The session ended while the page was open: the page asks to sign in and keeps what it was doing.
whenSessionEnds(() => {
  if (sessionState.value === 'signed-in') sessionState.value = 'signed-out'
})
