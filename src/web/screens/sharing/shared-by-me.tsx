import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Push } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf } from '../../router.ts'
import { siteName } from '../../session.ts'
import { Ago, Chip, Empty, Loading, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Icon } from '../../ui/icons.tsx'
import { MorePages } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { GivenRow } from './given-row.tsx'
import { pushState } from './states.ts'
import { useLiveList } from './use-list.ts'

/** What I share with others, with its state there. */
export function Screen(): JSX.Element {
  const pages = useLiveList(
    (cursor) => api.listShares({ query: cursor === undefined ? {} : { cursor } }),
    ['share'],
  )
  const [withEnded, setWithEnded] = useState(false)
  useEffect(() => {
    document.title = `${t('nav.sharedByMe')} · ${siteName.value}`
  }, [])
  const shares = pages.items.filter(({ state }) => withEnded || state !== 'revoked')
  const isFirst = pages.isLoading && pages.items.length === 0
  return (
    <>
      <header class="screen-head">
        <h1>{t('nav.sharedByMe')}</h1>
        <Button onClick={() => setWithEnded(!withEnded)}>
          {t(withEnded ? 'sharing.hideEnded' : 'sharing.showEnded')}
        </Button>
      </header>
      {pages.error !== undefined && <ErrorNote error={pages.error} onRetry={pages.reload} />}
      {isFirst && <Loading />}
      {!isFirst && shares.length === 0 && pages.error === undefined && <NothingShared />}
      {shares.length > 0 && (
        <ul class="list">
          {shares.map((share) => (
            <GivenRow key={share.id} share={share} onChanged={pages.reload} withPath />
          ))}
        </ul>
      )}
      <MorePages pages={pages} />
      <Pushes />
    </>
  )
}

function NothingShared(): JSX.Element {
  return (
    <Empty
      icon="outbox"
      title={t('sharing.nothingShared')}
      action={
        <a class="button primary" href={hrefOf(['files'])}>
          {t('shell.notFound.action')}
        </a>
      }
    >
      {t('sharing.nothingSharedText')}
    </Empty>
  )
}

/** Data sets of which others were asked to take a copy, as far as their servers tell. */
function Pushes(): JSX.Element | null {
  const pages = useLiveList(() => api.listPushes(), ['share'])
  if (pages.items.length === 0) return null
  return (
    <div class="after-list">
      <Section title={t('sharing.pushes')} text={t('sharing.pushesText')}>
        <ul class="list">
          {pages.items.map((push) => (
            <PushRow key={push.id} push={push} />
          ))}
        </ul>
      </Section>
    </div>
  )
}

function PushRow({ push }: { push: Push }): JSX.Element {
  const { word, tone } = pushState(push)
  return (
    <li>
      <Icon name="transfers" />
      <div class="grow">
        <strong>
          <Name>{push.name}</Name>
        </strong>
        <p class="soft">
          {t('sharing.to')} <Name>{push.recipient.displayName || push.recipient.address}</Name>
          {push.sizeBytes !== undefined && ` · ${formatBytes(push.sizeBytes)}`} · <Ago at={push.updatedAt} />
        </p>
        {push.reason !== undefined && <p class="field-problem">{push.reason}</p>}
      </div>
      <Chip tone={tone}>{word}</Chip>
    </li>
  )
}
