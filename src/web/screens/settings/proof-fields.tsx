import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { session } from '../../session.ts'
import { Field } from '../../ui/field.tsx'

interface ProofFieldsProps {
  password: string
  onPassword: (password: string) => void
}

/** The ways to show that it is still the same person: the password, or the sign-in elsewhere in a tab of its own. */
export function ProofFields({ password, onPassword }: ProofFieldsProps): JSX.Element {
  const login = session.value?.login
  return (
    <>
      <p role="alert">{t('connect.proof')}</p>
      {login?.oidc !== undefined && (
        <a class="button plain" href={`${login.oidc.url}?proof=1`} target="_blank" rel="noopener">
          {t('login.oidc', { label: login.oidc.label })}
        </a>
      )}
      {login?.password !== false && (
        <Field
          label={t('login.password')}
          type="password"
          autocomplete="current-password"
          required={login?.oidc === undefined}
          value={password}
          onValue={onPassword}
        />
      )}
    </>
  )
}
