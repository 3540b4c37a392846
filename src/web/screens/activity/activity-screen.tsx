import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { ActivityList } from './activity-list.tsx'

/** Everything that happened to the reader's files, shares and transfers. */
export function Screen(): JSX.Element {
  return (
    <>
      <header class="screen-head">
        <h1>{t('activity.title')}</h1>
      </header>
      <ActivityList />
    </>
  )
}
