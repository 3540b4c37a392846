import type { ComponentType, JSX } from 'preact'
import { type MessageKey, t } from '../../i18n/t.ts'
import { me } from '../../session.ts'
import { Empty } from '../../ui/bits.tsx'
import { currentTab, Tabs } from '../../ui/tabs.tsx'
import { Groups } from './groups.tsx'
import { Keys } from './keys.tsx'
import { Peers } from './peers.tsx'
import { SystemHealth } from './system.tsx'
import { TransferQueues } from './transfer-queues.tsx'
import { TransferWorkers } from './transfer-workers.tsx'
import { TrustLists } from './trust.tsx'
import { Users } from './users.tsx'

const TABS: { id: string; label: MessageKey; Content: ComponentType }[] = [
  { id: 'system', label: 'admin.system', Content: SystemHealth },
  { id: 'users', label: 'admin.users', Content: Users },
  { id: 'groups', label: 'admin.groups', Content: Groups },
  { id: 'peers', label: 'admin.peers', Content: Peers },
  { id: 'trust', label: 'admin.trust', Content: TrustLists },
  { id: 'transfers', label: 'admin.transfers', Content: TransferQueues },
  { id: 'workers', label: 'admin.workers', Content: TransferWorkers },
  { id: 'keys', label: 'admin.keys', Content: Keys },
]

/** What the operator of the node looks at and decides. */
export function Screen(): JSX.Element {
  if (me.value?.isAdmin !== true) {
    return (
      <Empty icon="admin" title={t('admin.onlyAdmins')}>
        {t('admin.onlyAdminsText')}
      </Empty>
    )
  }
  const tabs = TABS.map(({ id, label }) => ({ id, label: t(label) }))
  const current = currentTab(tabs)
  const Content = TABS.find(({ id }) => id === current)?.Content ?? SystemHealth
  return (
    <>
      <header class="screen-head">
        <h1>{t('admin.title')}</h1>
      </header>
      <Tabs screen="admin" tabs={tabs} label={t('admin.title')} />
      <Content />
    </>
  )
}
