import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PeerSummary } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { Ago, Chip, Empty, Loading } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { PagesView } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { usePages } from '../../ui/use-pages.ts'
import { Findings } from './findings.tsx'

const TONES = { ok: 'good', warn: 'warn', fail: 'bad', unknown: 'neutral' } as const

/** The other servers of the mesh, and a test of any of them. */
export function Peers(): JSX.Element {
  const peers = usePages((cursor) => api.listPeers({ query: { cursor, limit: 200 } }), [])
  const [tested, setTested] = useState<string | undefined>(undefined)
  const [host, setHost] = useState('')
  const close = () => {
    setTested(undefined)
    void peers.reload()
  }
  const test = (event: Event) => {
    event.preventDefault()
    if (host.trim() !== '') setTested(host.trim())
  }
  return (
    <Section title={t('admin.peers')} text={t('admin.peersText')}>
      <form class="one-line" onSubmit={test}>
        <Field label={t('admin.testHost')} placeholder="drive.example.org" value={host} onValue={setHost} />
        <Button type="submit">{t('admin.test')}</Button>
      </form>
      <PagesView of={peers} empty={<NoPeers />}>
        {(items) => <PeerTable items={items} onTest={setTested} />}
      </PagesView>
      {tested !== undefined && <PeerDialog host={tested} onClose={close} />}
    </Section>
  )
}

function NoPeers(): JSX.Element {
  return (
    <Empty icon="globe" title={t('admin.noPeers')}>
      {t('admin.noPeersText')}
    </Empty>
  )
}

interface PeerTableProps {
  items: readonly PeerSummary[]
  onTest: (host: string) => void
}

function PeerTable({ items, onTest }: PeerTableProps): JSX.Element {
  return (
    <DataTable
      label={t('admin.peers')}
      rows={items}
      keyOf={({ host }) => host}
      columns={[
        {
          title: t('admin.host'),
          cell: ({ host, provider }) => (
            <>
              <strong>{host}</strong>
              <p class="soft">{provider}</p>
            </>
          ),
        },
        {
          title: t('admin.state'),
          cell: ({ state }) => <Chip tone={TONES[state]}>{t(`admin.peerState.${state}`)}</Chip>,
        },
        { title: t('admin.trustColumn'), cell: ({ trust }) => t(`admin.trustState.${trust}`) },
        { title: t('admin.lastContact'), cell: (peer) => <LastContact peer={peer} /> },
        {
          title: t('common.actions'),
          kind: 'actions',
          cell: ({ host }) => <Button onClick={() => onTest(host)}>{t('admin.test')}</Button>,
        },
      ]}
    />
  )
}

/** How it went with what we send there, and with what comes from there. */
function LastContact({ peer }: { peer: PeerSummary }): JSX.Element {
  const { lastRefusal } = peer
  return (
    <>
      <LastSent peer={peer} />
      {lastRefusal !== undefined && (
        <p class="soft" title={lastRefusal.text}>
          {t('admin.messagesRefused', { reason: lastRefusal.reason })} <Ago at={lastRefusal.at} />
        </p>
      )}
    </>
  )
}

function LastSent({ peer: { lastSuccess, lastFailure } }: { peer: PeerSummary }): JSX.Element {
  const failedLast =
    lastFailure !== undefined && (lastSuccess === undefined || lastFailure.at > lastSuccess.at)
  if (failedLast) {
    return (
      <span title={lastFailure.text}>
        {lastFailure.what}: {lastFailure.reason}, <Ago at={lastFailure.at} />
      </span>
    )
  }
  return lastSuccess === undefined ? <span>{t('admin.never')}</span> : <Ago at={lastSuccess.at} />
}

/** Asks the server now and shows what the doctor finds. */
function PeerDialog({ host, onClose }: { host: string; onClose: () => void }): JSX.Element {
  const peer = useLoad(() => api.getPeer({ params: { host }, query: { check: 'true' } }), [host])
  return (
    <Dialog title={t('admin.testOf', { host })} size="medium" onClose={onClose}>
      {peer.isLoading && <Loading />}
      {peer.error !== undefined && <ErrorNote error={peer.error} onRetry={peer.reload} />}
      {peer.data !== undefined && !peer.isLoading && (
        <>
          <p>
            <Chip tone={TONES[peer.data.state]}>{t(`admin.peerState.${peer.data.state}`)}</Chip>{' '}
            {peer.data.provider} {peer.data.apiVersion}
          </p>
          <Findings findings={peer.data.findings} />
        </>
      )}
    </Dialog>
  )
}
