import type { JSX } from 'preact'
import type { NotificationSettings as Settings } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf } from '../../router.ts'
import { me } from '../../session.ts'
import { Empty } from '../../ui/bits.tsx'
import { Select } from '../../ui/field.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
import { showError } from '../../ui/toasts.tsx'
import { useLoad } from '../../ui/use-load.ts'

type Kind = Settings['kinds'][number]

const TIMES = ['off', 'instant', 'daily', 'weekly'] as const

/** What one is told of by mail, and when. What happens shows in the page in any case. */
export function NotificationSettings(): JSX.Element {
  const settings = useLoad(() => api.getNotificationSettings(), [])
  const change = async (kind: Kind['kind'], mail: Kind['mail']) => {
    settings.change((old) => ({
      ...old,
      kinds: old.kinds.map((one) => (one.kind === kind ? { ...one, mail } : one)),
    }))
    try {
      await api.changeNotificationSettings({ body: { kinds: { [kind]: mail } } })
    } catch (error) {
      showError(error)
      await settings.reload()
    }
  }
  return (
    <LoadedView of={settings}>
      {({ mail, kinds }) =>
        mail.isOn ? <Kinds {...{ kinds, change }} address={mail.address} /> : <NoMail />
      }
    </LoadedView>
  )
}

function NoMail(): JSX.Element {
  return (
    <Empty icon="mail" title={t('settings.noMail')}>
      {t('settings.noMailText')}
    </Empty>
  )
}

interface KindsProps {
  kinds: Kind[]
  address: string | undefined
  change: (kind: Kind['kind'], mail: Kind['mail']) => unknown
}

function Kinds({ kinds, address, change }: KindsProps): JSX.Element {
  const shown = kinds.filter(({ kind }) => !kind.startsWith('admin.') || me.value?.isAdmin === true)
  return (
    <Section
      title={t('settings.mails')}
      text={
        address === undefined ? (
          <a href={hrefOf(['settings', 'profile'])}>{t('settings.noAddress')}</a>
        ) : (
          t('settings.mailsTo', { address })
        )
      }
    >
      <div class="columns">
        {shown.map(({ kind, mail }) => (
          <Select
            key={kind}
            label={t(`settings.kind.${kind}`)}
            value={mail}
            onValue={(value) => void change(kind, value)}
            options={TIMES.map((value) => ({ value, label: t(`settings.mailTime.${value}`) }))}
          />
        ))}
      </div>
    </Section>
  )
}
