import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { Empty } from '../../ui/bits.tsx'

export function Screen(): JSX.Element {
  return <Empty icon="people" title={t('sharing.title')} />
}
