import { userName } from '../../dav/dav.ts'
import { loadSession, signIn } from '../../session.ts'

/**
 * Shows the node that it is still the same person. Without a password they have signed in elsewhere, in another tab:
 * the session is another one then, with a token of its own.
 */
export async function prove(password: string): Promise<void> {
  if (password === '') await loadSession()
  else await signIn(userName(), password)
}
