import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { onLive } from '../../live.ts'
import { siteName } from '../../session.ts'
import { Button } from '../../ui/button.tsx'
import { usePages } from '../../ui/use-pages.ts'
import { emptyTrash, removeForGood, restore } from './trash-actions.ts'
import { TrashList } from './trash-list.tsx'

/** What was deleted, until it is put back, removed for good or too old. */
export function Screen(): JSX.Element {
  const pages = usePages(
    (cursor) => api.listTrash({ query: { limit: 1000, ...(cursor !== undefined && { cursor }) } }),
    [],
  )
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  useEffect(() => {
    document.title = `${t('nav.trash')} · ${siteName.value}`
    return onLive('drive', () => void pages.reload())
  }, [])
  const picked = pages.items.filter(({ name }) => chosen.has(name))
  const choose = (name: string) => {
    const next = new Set(chosen)
    if (!next.delete(name)) next.add(name)
    setChosen(next)
  }
  return (
    <>
      <header class="screen-head">
        <h1>{t('nav.trash')}</h1>
        <span class="actions">
          {picked.length > 0 && (
            <>
              <Button icon="restore" onClick={() => restore(pages, picked)}>
                {t('trash.restoreN', { n: picked.length })}
              </Button>
              <Button kind="danger" onClick={() => removeForGood(pages, picked)}>
                {t('trash.removeN', { n: picked.length })}
              </Button>
            </>
          )}
          <Button
            kind="danger"
            icon="trash"
            disabled={pages.items.length === 0}
            onClick={() => emptyTrash(pages)}
          >
            {t('trash.empty')}
          </Button>
        </span>
      </header>
      <p class="soft">{t('trash.text')}</p>
      <TrashList pages={pages} chosen={chosen} onChoose={choose} />
    </>
  )
}
