import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Contact, Invitation } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Chip, Copyable, Empty, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { Icon } from '../../ui/icons.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Section } from '../../ui/section.tsx'
import { AcceptInviteDialog } from './accept-invite-dialog.tsx'
import { AutoCopyDialog } from './auto-copy-dialog.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { ListScreen } from './list-screen.tsx'
import { useLiveList } from './use-list.ts'

type Open = { kind: 'invite' } | { kind: 'accept' } | { kind: 'auto'; contact: Contact } | undefined

/** The people of other institutions that I know, and the invitations that are open. */
export function Screen(): JSX.Element {
  const contacts = useLiveList(
    (cursor) => api.listContacts({ query: cursor === undefined ? {} : { cursor } }),
    ['contact'],
  )
  const invitations = useLiveList(
    (cursor) => api.listInvitations({ query: cursor === undefined ? {} : { cursor } }),
    ['contact'],
  )
  const [open, setOpen] = useState<Open>(undefined)
  const close = () => {
    setOpen(undefined)
    void contacts.reload()
    void invitations.reload()
  }
  return (
    <>
      <ListScreen
        title={t('nav.connections')}
        actions={
          <>
            <Button icon="plus" kind="primary" onClick={() => setOpen({ kind: 'invite' })}>
              {t('sharing.invite')}
            </Button>
            <Button onClick={() => setOpen({ kind: 'accept' })}>{t('sharing.haveInvitation')}</Button>
          </>
        }
        pages={contacts}
        empty={
          <Empty icon="people" title={t('sharing.noContacts')}>
            {t('sharing.noContactsText')}
          </Empty>
        }
        keyOf={({ id }) => id}
        row={(contact) => (
          <ContactRow
            contact={contact}
            onChanged={contacts.reload}
            onAuto={() => setOpen({ kind: 'auto', contact })}
          />
        )}
      />
      <OpenInvitations
        items={invitations.items.filter(({ state }) => state === 'open')}
        onChanged={invitations.reload}
      />
      {open?.kind === 'invite' && <InviteDialog onClose={close} />}
      {open?.kind === 'accept' && <AcceptInviteDialog onClose={close} />}
      {open?.kind === 'auto' && <AutoCopyDialog contact={open.contact} onClose={close} />}
    </>
  )
}

interface ContactRowProps {
  contact: Contact
  onChanged: () => unknown
  onAuto: () => void
}

function ContactRow({ contact, onChanged, onAuto }: ContactRowProps): JSX.Element {
  const { id, displayName, address, createdAt, autoCopyTo } = contact
  const name = displayName || address
  const remove = async () => {
    const question = {
      title: t('sharing.removeContact', { name }),
      text: t('sharing.removeContactText'),
      action: t('common.remove'),
    }
    if (!(await confirm(question))) return
    await api.deleteContact({ params: { id } })
    await onChanged()
  }
  return (
    <>
      <Icon name="user" />
      <div class="grow">
        <strong>
          <Name>{name}</Name>
        </strong>{' '}
        {autoCopyTo !== undefined && <Chip>{t('sharing.autoCopyChip', { path: autoCopyTo })}</Chip>}
        <p class="soft">
          {address} · {t('sharing.knownSince')} <Ago at={createdAt} />
        </p>
      </div>
      <Menu
        label={t('sharing.actionsFor', { name })}
        items={[
          { label: t('sharing.autoCopy'), icon: 'download', run: onAuto },
          { label: t('common.remove'), icon: 'trash', tone: 'danger', run: remove },
        ]}
      />
    </>
  )
}

function OpenInvitations({
  items,
  onChanged,
}: {
  items: Invitation[]
  onChanged: () => unknown
}): JSX.Element | null {
  if (items.length === 0) return null
  const revoke = async (id: string) => {
    await api.revokeInvitation({ params: { id } })
    await onChanged()
  }
  return (
    <div class="after-list">
      <Section title={t('sharing.openInvitations')}>
        <ul class="list">
          {items.map(({ id, description, email, link, expiresAt }) => (
            <li key={id}>
              <div class="grow">
                <strong>{description || email || t('sharing.invitation')}</strong>
                <p class="soft">
                  {t('sharing.ends')} <Ago at={expiresAt} />
                </p>
                <Copyable text={link} label={t('sharing.inviteLink')} />
              </div>
              <Button onClick={() => revoke(id)}>{t('sharing.revokeInvitation')}</Button>
            </li>
          ))}
        </ul>
      </Section>
    </div>
  )
}
