import type { JSX } from 'preact'
import { t } from '../i18n/t.ts'
import { hrefOf } from '../router.ts'
import { Empty } from '../ui/bits.tsx'

export function NotFound(): JSX.Element {
  return (
    <Empty
      icon="search"
      title={t('shell.notFound.title')}
      action={
        <a class="button primary" href={hrefOf(['files'])}>
          {t('shell.notFound.action')}
        </a>
      }
    >
      {t('shell.notFound.text')}
    </Empty>
  )
}
