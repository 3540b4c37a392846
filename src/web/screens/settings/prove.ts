import { userName } from '../../dav/dav.ts'
import { loadSession, session, signIn } from '../../session.ts'

/**
 * Shows the node that it is still the same person. Without a password they have signed in elsewhere, in another tab:
 * the session is another one then, with a token of its own. Never ends when it is that of somebody else.
 */
export async function prove(password: string): Promise<void> {
  if (password === '' && session.value?.login.oidc !== undefined) await loadSession()
  else await signIn(userName(), password)
}
