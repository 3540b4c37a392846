import type { JSX } from 'preact'
import { type MessageKey, t } from '../i18n/t.ts'
import { hrefOf, place } from '../router.ts'
import { me } from '../session.ts'
import { Icon, type IconName } from '../ui/icons.tsx'
import { pendingCount, runningCount } from './counts.ts'

interface Entry {
  screen: string
  icon: IconName
  label: MessageKey
  count?: { n: number; label: MessageKey }
}

/** The screens, in the order in which people need them. */
function entries(): Entry[] {
  return [
    { screen: 'files', icon: 'folder', label: 'nav.files' },
    { screen: 'shared-with-me', icon: 'inbox', label: 'nav.sharedWithMe' },
    { screen: 'shared-by-me', icon: 'outbox', label: 'nav.sharedByMe' },
    {
      screen: 'pending',
      icon: 'pending',
      label: 'nav.pending',
      count: { n: pendingCount.value, label: 'nav.pendingCount' },
    },
    { screen: 'connections', icon: 'people', label: 'nav.connections' },
    {
      screen: 'transfers',
      icon: 'transfers',
      label: 'nav.transfers',
      count: { n: runningCount.value, label: 'nav.runningCount' },
    },
    { screen: 'activity', icon: 'activity', label: 'nav.activity' },
    { screen: 'trash', icon: 'trash', label: 'nav.trash' },
    { screen: 'settings', icon: 'settings', label: 'nav.settings' },
    ...(me.value?.isAdmin === true ? [{ screen: 'admin', icon: 'admin', label: 'nav.admin' } as const] : []),
  ]
}

export function Navigation(): JSX.Element {
  const here = place.value.segments[0] ?? 'files'
  return (
    <ul class="navigation">
      {entries().map(({ screen, icon, label, count }) => (
        <li key={screen}>
          <a href={hrefOf([screen])} aria-current={here === screen ? 'page' : undefined}>
            <Icon name={icon} />
            <span>{t(label)}</span>
            {count !== undefined && count.n > 0 && (
              <span class="count" role="img" aria-label={t(count.label, { n: count.n })}>
                {count.n > 99 ? '99+' : count.n}
              </span>
            )}
          </a>
        </li>
      ))}
    </ul>
  )
}
