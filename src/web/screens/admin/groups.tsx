import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { Group } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { AddLine } from '../../ui/add-line.tsx'
import { Empty, Name } from '../../ui/bits.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { PagesView } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { usePages } from '../../ui/use-pages.ts'

/** Groups, which are shared with as one. */
export function Groups(): JSX.Element {
  const groups = usePages((cursor) => api.listGroups({ query: { cursor, limit: 200 } }), [])
  const [shown, setShown] = useState<Group | undefined>(undefined)
  const add = async (name: string) => {
    await api.addGroup({ body: { name } })
    await groups.reload()
  }
  const remove = async ({ name }: Group) => {
    const question = { title: t('admin.removeGroup', { name }), text: t('admin.removeGroupText') }
    if (!(await confirm({ ...question, action: t('common.remove') }))) return
    await api.removeGroup({ params: { group: name } })
    await groups.reload()
  }
  return (
    <Section title={t('admin.groups')} text={t('admin.groupsText')}>
      <AddLine label={t('admin.newGroup')} onAdd={add} />
      <PagesView of={groups} empty={<Empty icon="people" title={t('admin.noGroups')} />}>
        {(items) => (
          <ul class="list">
            {items.map((group) => (
              <li key={group.name}>
                <div class="grow">
                  <Name>{group.displayName || group.name}</Name>
                </div>
                <Button onClick={() => setShown(group)}>{t('admin.members')}</Button>
                <IconButton
                  icon="trash"
                  label={t('admin.removeGroup', { name: group.name })}
                  onClick={() => remove(group)}
                />
              </li>
            ))}
          </ul>
        )}
      </PagesView>
      {shown !== undefined && <Members group={shown} onClose={() => setShown(undefined)} />}
    </Section>
  )
}

function Members({ group, onClose }: { group: Group; onClose: () => void }): JSX.Element {
  const members = usePages(
    (cursor) => api.listGroupMembers({ params: { group: group.name }, query: { cursor, limit: 200 } }),
    [group.name],
  )
  const add = async (user: string) => {
    await api.addGroupMember({ params: { group: group.name, user } })
    await members.reload()
  }
  const remove = async (user: string) => {
    await api.removeGroupMember({ params: { group: group.name, user } })
    await members.reload()
  }
  return (
    <Dialog title={t('admin.membersOf', { name: group.displayName || group.name })} onClose={onClose}>
      <AddLine label={t('login.name')} onAdd={add} />
      <PagesView of={members} empty={<p class="soft">{t('admin.noMembers')}</p>}>
        {(items) => (
          <ul class="list">
            {items.map(({ name, displayName }) => (
              <li key={name}>
                <div class="grow">
                  <Name>{displayName || name}</Name>
                </div>
                <IconButton
                  icon="close"
                  label={t('admin.removeMember', { name })}
                  onClick={() => remove(name)}
                />
              </li>
            ))}
          </ul>
        )}
      </PagesView>
    </Dialog>
  )
}
