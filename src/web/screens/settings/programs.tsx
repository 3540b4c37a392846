import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { AppPassword } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Empty, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { ConnectDialog } from './connect-dialog.tsx'

/** The passwords of programs, and how to connect another. */
export function Programs(): JSX.Element {
  const passwords = useLoad(() => api.listAppPasswords(), [])
  const [isConnecting, setConnecting] = useState(false)
  const close = () => {
    setConnecting(false)
    void passwords.reload()
  }
  const add = (
    <Button icon="plus" kind="primary" onClick={() => setConnecting(true)}>
      {t('settings.connectProgram')}
    </Button>
  )
  return (
    <Section title={t('settings.appPasswords')} text={t('settings.appPasswordsText')} actions={add}>
      <LoadedView of={passwords}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="key" title={t('settings.noAppPasswords')}>
              {t('settings.noAppPasswordsText')}
            </Empty>
          ) : (
            <PasswordList items={items} onRevoked={passwords.reload} />
          )
        }
      </LoadedView>
      {isConnecting && <ConnectDialog onClose={close} />}
    </Section>
  )
}

function PasswordList({ items, onRevoked }: { items: AppPassword[]; onRevoked: () => unknown }): JSX.Element {
  const revoke = async ({ id, label }: AppPassword) => {
    const question = { title: t('settings.lockOut', { name: label }), text: t('settings.lockOutText') }
    if (!(await confirm({ ...question, action: t('settings.lockOutAction') }))) return
    await api.revokeAppPassword({ params: { id } })
    await onRevoked()
  }
  return (
    <ul class="list">
      {items.map((item) => (
        <li key={item.id}>
          <div class="grow">
            <Name>{item.label}</Name>
            <p class="soft">
              {item.lastUsedAt === undefined ? t('settings.neverUsed') : t('settings.lastUsed')}{' '}
              {item.lastUsedAt !== undefined && <Ago at={item.lastUsedAt} />}
            </p>
          </div>
          <Button kind="danger" onClick={() => revoke(item)}>
            {t('settings.lockOutAction')}
          </Button>
        </li>
      ))}
    </ul>
  )
}
