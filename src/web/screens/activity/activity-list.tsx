import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Activity } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatDay } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { onLive } from '../../live.ts'
import { fileHref, hrefOf } from '../../router.ts'
import { Ago, Empty, Loading, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Icon, type IconName } from '../../ui/icons.tsx'
import { MoreError } from '../../ui/pages-view.tsx'
import { usePages } from '../../ui/use-pages.ts'

const PAGE = 50

/** What happened, the newest first, by day; only at or below `path` when one is given. */
export function ActivityList({ path }: { path?: string | undefined }): JSX.Element {
  const pages = usePages((cursor) => api.listActivity({ query: { path, cursor, limit: PAGE } }), [path])
  useEffect(() => onLive('activity', () => void pages.reload()), [path])
  const { items, error, isLoading, hasMore } = pages
  return (
    <>
      {error !== undefined && <ErrorNote error={error} onRetry={pages.reload} />}
      {items.length === 0 &&
        error === undefined &&
        (isLoading ? <Loading /> : <Nothing isHere={path !== undefined} />)}
      {byDay(items).map(([day, entries]) => (
        <section key={day} class="activity-day">
          <h2>{day}</h2>
          <ul class="activity">
            {entries.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ul>
        </section>
      ))}
      <MoreError pages={pages} />
      {hasMore && pages.moreError === undefined && (
        <Button onClick={pages.loadMore}>{t('activity.more')}</Button>
      )}
    </>
  )
}

function Nothing({ isHere }: { isHere: boolean }): JSX.Element {
  if (isHere) return <Empty icon="activity" title={t('activity.emptyHere')} />
  return (
    <Empty icon="activity" title={t('activity.empty')}>
      {t('activity.emptyText')}
    </Empty>
  )
}

function Entry({ entry }: { entry: Activity }): JSX.Element {
  const href = hrefFor(entry)
  return (
    <li>
      <Icon name={iconOf(entry.kind)} />
      <p class="grow">
        {href === undefined ? (
          <Name>{entry.text}</Name>
        ) : (
          <a href={href}>
            <Name>{entry.text}</Name>
          </a>
        )}
      </p>
      <small>
        <Ago at={entry.at} />
      </small>
    </li>
  )
}

function iconOf(kind: Activity['kind']): IconName {
  const [area, what] = kind.split('.')
  if (area === 'file') return what === 'deleted' ? 'trash' : what === 'restored' ? 'history' : 'file'
  const icons: Record<string, IconName> = {
    share: 'share',
    invitation: 'people',
    contact: 'people',
    transfer: 'transfers',
    session: 'user',
    'app-password': 'key',
  }
  return icons[area ?? ''] ?? 'activity'
}

/** Where a click on it leads; what is deleted leads to where it can be restored. */
function hrefFor({ kind, subject }: Activity): string | undefined {
  if (kind === 'file.deleted') return hrefOf(['trash'])
  if (kind.startsWith('transfer.') && subject.id !== undefined) return hrefOf(['transfers', subject.id])
  if (kind.startsWith('session.')) return hrefOf(['settings', 'sessions'])
  if (kind.startsWith('app-password.')) return hrefOf(['settings', 'programs'])
  if (kind.startsWith('contact.') || kind.startsWith('invitation.')) return hrefOf(['connections'])
  if (kind === 'share.received') return hrefOf(['pending'])
  if (subject.path === undefined) return undefined
  const folder = subject.type === 'folder' ? subject.path : subject.path.replace(/\/[^/]*$/, '')
  return fileHref(folder)
}

function byDay(items: readonly Activity[]): [string, Activity[]][] {
  const days = new Map<string, Activity[]>()
  for (const item of items) {
    const day = formatDay(item.at, t('activity.today'), t('activity.yesterday'))
    days.set(day, [...(days.get(day) ?? []), item])
  }
  return [...days]
}
