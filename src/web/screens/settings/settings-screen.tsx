import type { ComponentType, JSX } from 'preact'
import { type MessageKey, t } from '../../i18n/t.ts'
import { currentTab, Tabs } from '../../ui/tabs.tsx'
import { NotificationSettings } from './notification-settings.tsx'
import { Profile } from './profile.tsx'
import { Programs } from './programs.tsx'
import { Sessions } from './sessions.tsx'

const TABS: { id: string; label: MessageKey; Content: ComponentType }[] = [
  { id: 'profile', label: 'settings.profile', Content: Profile },
  { id: 'programs', label: 'settings.programs', Content: Programs },
  { id: 'sessions', label: 'settings.sessions', Content: Sessions },
  { id: 'notifications', label: 'settings.notifications', Content: NotificationSettings },
]

/** What everybody sets for themselves. */
export function Screen(): JSX.Element {
  const tabs = TABS.map(({ id, label }) => ({ id, label: t(label) }))
  const current = currentTab(tabs)
  const Content = TABS.find(({ id }) => id === current)?.Content ?? Profile
  return (
    <>
      <header class="screen-head">
        <h1>{t('settings.title')}</h1>
      </header>
      <Tabs screen="settings" tabs={tabs} label={t('settings.title')} />
      <Content />
    </>
  )
}
