import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { User } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { me } from '../../session.ts'
import { Chip, Empty, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Field } from '../../ui/field.tsx'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { PagesView } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { usePages } from '../../ui/use-pages.ts'
import { AddUserDialog, EditUserDialog } from './user-dialogs.tsx'

type Open = { kind: 'add' } | { kind: 'edit'; user: User } | undefined

/** The accounts of the node. */
export function Users(): JSX.Element {
  const [search, setSearch] = useState('')
  const [open, setOpen] = useState<Open>(undefined)
  const pages = usePages(
    (cursor) => api.listUsers({ query: { cursor, limit: 200, search: search === '' ? undefined : search } }),
    [search],
  )
  const close = () => {
    setOpen(undefined)
    void pages.reload()
  }
  const add = (
    <Button icon="plus" kind="primary" onClick={() => setOpen({ kind: 'add' })}>
      {t('admin.addUser')}
    </Button>
  )
  return (
    <Section title={t('admin.users')} actions={add}>
      <Field label={t('admin.searchUsers')} type="search" value={search} onValue={setSearch} />
      <PagesView of={pages} empty={<Empty icon="people" title={t('admin.noUsers')} />}>
        {(users) => (
          <UserTable
            users={users}
            onEdit={(user) => setOpen({ kind: 'edit', user })}
            onChanged={pages.reload}
          />
        )}
      </PagesView>
      {open?.kind === 'add' && <AddUserDialog onClose={close} />}
      {open?.kind === 'edit' && <EditUserDialog user={open.user} onClose={close} />}
    </Section>
  )
}

interface UserTableProps {
  users: readonly User[]
  onEdit: (user: User) => void
  onChanged: () => unknown
}

function UserTable({ users, onEdit, onChanged }: UserTableProps): JSX.Element {
  return (
    <DataTable
      label={t('admin.users')}
      rows={users}
      keyOf={({ name }) => name}
      columns={[
        { title: t('common.name'), cell: (user) => <UserName user={user} /> },
        { title: t('admin.email'), cell: ({ email }) => email },
        {
          title: t('admin.quota'),
          kind: 'number',
          cell: ({ quotaBytes }) =>
            quotaBytes === undefined ? t('admin.quotaOfNode') : formatBytes(quotaBytes),
        },
        {
          title: t('common.actions'),
          kind: 'actions',
          cell: (user) => <UserMenu {...{ user, onEdit, onChanged }} />,
        },
      ]}
    />
  )
}

function UserName({ user }: { user: User }): JSX.Element {
  return (
    <>
      <strong>
        <Name>{user.displayName || user.name}</Name>
      </strong>{' '}
      {user.isAdmin && <Chip tone="busy">{t('admin.isAdmin')}</Chip>}{' '}
      {user.locked && <Chip tone="warn">{t('admin.isLocked')}</Chip>}
      <p class="soft">{user.address}</p>
    </>
  )
}

interface UserMenuProps {
  user: User
  onEdit: (user: User) => void
  onChanged: () => unknown
}

function UserMenu({ user, onEdit, onChanged }: UserMenuProps): JSX.Element {
  const { name, locked } = user
  const lock = async () => {
    await api.changeUser({ params: { name }, body: { locked: !locked } })
    await onChanged()
  }
  const remove = async () => {
    const question = { title: t('admin.removeUser', { name }), text: t('admin.removeUserText') }
    if (!(await confirm({ ...question, action: t('common.remove') }))) return
    await api.removeUser({ params: { name } })
    await onChanged()
  }
  const edit: MenuItem = { label: t('admin.editUser'), icon: 'edit', run: () => onEdit(user) }
  const others: MenuItem[] = [
    { label: t(locked ? 'admin.unlock' : 'admin.lock'), icon: 'key', run: lock },
    { label: t('common.remove'), icon: 'trash', tone: 'danger', run: remove },
  ]
  return (
    <Menu
      label={t('admin.actionsFor', { name })}
      items={name === me.value?.name ? [edit] : [edit, ...others]}
    />
  )
}
