import type { JSX } from 'preact'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { loadSession, me } from '../../session.ts'
import { Copyable } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Section } from '../../ui/section.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useForm } from '../../ui/use-form.ts'
import { Identities } from './identities.tsx'

/** Who one is: name, address, password. */
export function Profile(): JSX.Element | null {
  const user = me.value
  if (user === undefined) return null
  return (
    <div class="settings">
      <Section title={t('settings.address')} text={t('settings.addressText')}>
        <Copyable text={user.address} label={t('settings.address')} />
      </Section>
      <Names displayName={user.displayName} email={user.email} />
      <Password />
      <Identities />
    </div>
  )
}

function Names(user: { displayName: string; email: string }): JSX.Element {
  const form = useForm(user, async (values) => {
    await api.changeMe({ body: values })
    await loadSession()
    showDone(t('settings.saved'))
  })
  return (
    <Section title={t('settings.you')}>
      <form class="settings-form" onSubmit={(event) => sendForm(event, form.submit)}>
        {form.error !== undefined && <ErrorNote error={form.error} />}
        <Field
          label={t('settings.displayName')}
          value={form.values.displayName}
          onValue={(value) => form.set('displayName', value)}
          maxLength={200}
          required
        />
        <Field
          label={t('settings.email')}
          hint={t('settings.emailHint')}
          type="email"
          autocomplete="email"
          value={form.values.email}
          onValue={(value) => form.set('email', value)}
        />
        <div>
          <Button type="submit" kind="primary" disabled={form.isBusy}>
            {t('common.save')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

function Password(): JSX.Element {
  const empty = { current: '', fresh: '', again: '' }
  const form = useForm(empty, async ({ current, fresh }) => {
    await api.changePassword({ body: { current, new: fresh } })
    showDone(t('settings.passwordChanged'))
  })
  const { current, fresh, again } = form.values
  const differs = again !== '' && again !== fresh
  const submit = async () => {
    if (await form.submit()) form.reset(empty)
  }
  return (
    <Section title={t('settings.password')} text={t('settings.passwordText')}>
      <form class="settings-form" onSubmit={(event) => sendForm(event, submit)}>
        {form.error !== undefined && <ErrorNote error={form.error} />}
        <Field
          label={t('settings.currentPassword')}
          type="password"
          autocomplete="current-password"
          value={current}
          onValue={(value) => form.set('current', value)}
          required
        />
        <Field
          label={t('settings.newPassword')}
          type="password"
          autocomplete="new-password"
          value={fresh}
          onValue={(value) => form.set('fresh', value)}
          required
        />
        <Field
          label={t('settings.newPasswordAgain')}
          type="password"
          autocomplete="new-password"
          value={again}
          onValue={(value) => form.set('again', value)}
          problem={differs ? t('settings.passwordsDiffer') : undefined}
          required
        />
        <div>
          <Button type="submit" disabled={form.isBusy || differs}>
            {t('settings.changePassword')}
          </Button>
        </div>
      </form>
    </Section>
  )
}

function sendForm(event: Event, submit: () => unknown): void {
  event.preventDefault()
  void submit()
}
