import type { JSX } from 'preact'
import type { Session } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Chip } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { useLoad } from '../../ui/use-load.ts'

/** Where one is signed in, and the way to end that. */
export function Sessions(): JSX.Element {
  const sessions = useLoad(() => api.listSessions(), [])
  const end = async (id: string) => {
    await api.endSession({ params: { id } })
    await sessions.reload()
  }
  const endOthers = async () => {
    const question = { title: t('settings.signOutElsewhere'), text: t('settings.signOutElsewhereText') }
    if (!(await confirm({ ...question, action: t('settings.signOutElsewhere') }))) return
    await api.endOtherSessions()
    showDone(t('settings.signedOutElsewhere'))
    await sessions.reload()
  }
  const hasOthers = (sessions.data?.items.length ?? 0) > 1
  return (
    <Section
      title={t('settings.sessions')}
      text={t('settings.sessionsText')}
      actions={hasOthers && <Button onClick={endOthers}>{t('settings.signOutElsewhere')}</Button>}
    >
      <LoadedView of={sessions}>
        {({ items }) => (
          <ul class="list">
            {items.map((session) => (
              <SessionRow key={session.id} session={session} onEnd={() => end(session.id)} />
            ))}
          </ul>
        )}
      </LoadedView>
    </Section>
  )
}

function SessionRow({ session, onEnd }: { session: Session; onEnd: () => unknown }): JSX.Element {
  const { client, address, current, lastSeenAt, via } = session
  return (
    <li>
      <div class="grow">
        <strong>{client}</strong> {current && <Chip tone="good">{t('settings.thisBrowser')}</Chip>}
        <p class="soft">
          {t(via === 'oidc' ? 'settings.viaOidc' : 'settings.viaPassword', { address })}{' '}
          <Ago at={lastSeenAt} />
        </p>
      </div>
      {!current && <Button onClick={onEnd}>{t('settings.endSession')}</Button>}
    </li>
  )
}
