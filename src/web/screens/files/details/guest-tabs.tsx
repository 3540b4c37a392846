import type { JSX } from 'preact'
import { t } from '../../../i18n/t.ts'

/** With whom it is shared; from the sharing screens. */
export function SharingTab(_: { path: string; kind: 'file' | 'folder' }): JSX.Element {
  return <p class="soft">{t('files.comesSoon')}</p>
}

/** What happened to it; from the activity screen. */
export function ActivityTab(_: { path: string }): JSX.Element {
  return <p class="soft">{t('files.comesSoon')}</p>
}
