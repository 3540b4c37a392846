import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { listAll } from '../../../client/client.ts'
import type { Share } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { onLive } from '../../live.ts'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { AddRecipient } from './add-recipient.tsx'
import { GivenRow } from './given-row.tsx'
import { NewLink } from './new-link.tsx'

export interface SharePanelProps {
  /** In the drive. */
  path: string
  kind: 'file' | 'folder'
}

/** With whom an entry is shared, and the ways to share it with others: people first, then links. */
export function SharePanel({ path, kind }: SharePanelProps): JSX.Element {
  const shares = useLoad(() => listGiven(path), [path])
  useEffect(() => onLive('share', () => void shares.reload()), [shares.reload])
  useEffect(() => onLive('gap', () => void shares.reload()), [shares.reload])
  return (
    <div class="share-panel">
      <section class="share-part">
        <h3>{t('sharing.people')}</h3>
        <AddRecipient path={path} kind={kind} onShared={shares.reload} />
        <LoadedView of={shares}>
          {(items) => (
            <Rows items={items.filter((one) => one.link === undefined)} onChanged={shares.reload} />
          )}
        </LoadedView>
      </section>
      <section class="share-part">
        <h3>{t('sharing.links')}</h3>
        <p class="soft">{t('sharing.linksText')}</p>
        <NewLink path={path} kind={kind} onMade={shares.reload} />
        {shares.data !== undefined && (
          <Rows items={shares.data.filter((one) => one.link !== undefined)} onChanged={shares.reload} />
        )}
      </section>
    </div>
  )
}

async function listGiven(path: string): Promise<Share[]> {
  const all = await listAll(api.pages('listShares', { query: { path } }))
  return all.filter(({ state }) => state !== 'revoked')
}

function Rows({ items, onChanged }: { items: Share[]; onChanged: () => unknown }): JSX.Element | null {
  if (items.length === 0) return null
  return (
    <ul class="list">
      {items.map((share) => (
        <GivenRow key={share.id} share={share} onChanged={onChanged} />
      ))}
    </ul>
  )
}
