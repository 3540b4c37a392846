import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { session, sessionState } from '../../session.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { PasswordForm } from './login.tsx'

/** Over the page whose session has ended: what it was doing waits, and goes on afterwards. */
export function SignInAgain(): JSX.Element {
  const login = session.value?.login
  return (
    <Dialog title={t('login.endedTitle')} onClose={giveUp}>
      <p>{t('login.ended')}</p>
      {login?.oidc !== undefined && (
        <a class="button primary wide" href={login.oidc.url} target="_blank" rel="noopener">
          {t('login.oidc', { label: login.oidc.label })}
        </a>
      )}
      {login?.password !== false && (
        <div class="login">
          <PasswordForm onSignedIn={() => undefined} />
        </div>
      )}
    </Dialog>
  )
}

function giveUp(): void {
  sessionState.value = 'signed-out'
}
