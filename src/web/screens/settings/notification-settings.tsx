import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { Empty } from '../../ui/bits.tsx'

/** What one is told of by mail. */
export function NotificationSettings(): JSX.Element {
  return <Empty icon="bell" title={t('settings.notifications')} />
}
