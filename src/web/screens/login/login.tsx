import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { t } from '../../i18n/t.ts'
import { navigate } from '../../router.ts'
import { returnTo, session, sessionState, signIn, siteName } from '../../session.ts'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'

/** The page of whoever is not signed in. */
export function Login(): JSX.Element {
  useEffect(() => {
    document.title = t('login.title', { site: siteName.value })
  }, [])
  const login = session.value?.login
  return (
    <main class="login">
      <img class="login-mark" src="./icon.svg" alt="" />
      <h1>{t('login.title', { site: siteName.value })}</h1>
      {login?.oidc !== undefined && (
        <a class="button primary wide" href={`${login.oidc.url}?returnTo=${encodeURIComponent(returnTo())}`}>
          {t('login.oidc', { label: login.oidc.label })}
        </a>
      )}
      {login?.oidc !== undefined && login.password && <p class="login-or">{t('login.or')}</p>}
      {login?.password !== false && <PasswordForm />}
    </main>
  )
}

interface PasswordFormProps {
  /** Instead of going on to where the reader wanted to be. */
  onSignedIn?: () => void
}

/** Name and password; goes on to where the reader wanted to be. */
export function PasswordForm({ onSignedIn }: PasswordFormProps): JSX.Element {
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [error, setError] = useState<unknown>(undefined)
  const [isBusy, setBusy] = useState(false)
  const submit = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      await signIn(name, password)
      if (onSignedIn !== undefined) onSignedIn()
      else if (sessionState.value === 'signed-in') navigate(returnTo(), { replace: true })
    } catch (thrown) {
      setError(thrown)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={submit}>
      {error !== undefined && <ErrorNote error={error} />}
      <Field
        label={t('login.name')}
        value={name}
        onValue={setName}
        name="name"
        autocomplete="username"
        required
        autofocus
      />
      <Field
        label={t('login.password')}
        value={password}
        onValue={setPassword}
        name="password"
        type="password"
        autocomplete="current-password"
        required
      />
      <button type="submit" class="button primary wide" disabled={isBusy} aria-busy={isBusy}>
        {t('login.submit')}
      </button>
    </form>
  )
}
