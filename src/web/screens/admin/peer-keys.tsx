import type { JSX } from 'preact'
import type { PeerKey } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Chip } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { PagesView } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { usePages } from '../../ui/use-pages.ts'

/** The keys that other servers sign with; one that changed all of a sudden waits here for an operator. */
export function PeerKeys(): JSX.Element {
  const keys = usePages((cursor) => api.listPeerKeys({ query: { cursor, limit: 200 } }), [])
  const accept = async ({ host, fingerprint }: PeerKey) => {
    const question = {
      title: t('admin.acceptKey', { host }),
      text: t('admin.acceptKeyText', { fingerprint }),
    }
    if (!(await confirm({ ...question, action: t('admin.accept') }))) return
    await api.acceptPeerKey({ params: { host }, body: { fingerprint } })
    await keys.reload()
  }
  return (
    <Section title={t('admin.peerKeys')} text={t('admin.peerKeysText')}>
      <PagesView of={keys} empty={<p class="soft">{t('admin.noPeerKeys')}</p>}>
        {(items) => (
          <DataTable
            label={t('admin.peerKeys')}
            rows={items}
            keyOf={({ host, keyId }) => `${host} ${keyId}`}
            columns={[
              { title: t('admin.host'), cell: ({ host }) => host },
              {
                title: t('admin.fingerprint'),
                cell: ({ fingerprint }) => <code title={fingerprint}>{fingerprint.slice(0, 16)}…</code>,
              },
              {
                title: t('admin.state'),
                cell: ({ state }) => (
                  <Chip tone={state === 'held' ? 'warn' : 'neutral'}>{t(`admin.keyState.${state}`)}</Chip>
                ),
              },
              { title: t('admin.lastSeen'), cell: ({ lastSeenAt }) => <Ago at={lastSeenAt} /> },
              {
                title: t('common.actions'),
                kind: 'actions',
                cell: (key) =>
                  key.state === 'held' && <Button onClick={() => accept(key)}>{t('admin.accept')}</Button>,
              },
            ]}
          />
        )}
      </PagesView>
    </Section>
  )
}
