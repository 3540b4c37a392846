import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { TransferLink } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { Chip, Name } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Menu } from '../../ui/menu.tsx'
import { PagesView } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { usePages } from '../../ui/use-pages.ts'
import { LinkDialog } from './link-dialog.tsx'

/** The transfers of everybody: who waits for what, and what each pair of hosts may do at a time. */
export function TransferQueues(): JSX.Element {
  const queues = useLoad(() => api.showTransferQueues(), [])
  const again = (
    <Button icon="retry" onClick={queues.reload}>
      {t('admin.refresh')}
    </Button>
  )
  return (
    <>
      <LoadedView of={queues}>
        {({ slots, queues: rows, sharePolicy, hostsLeftInPeace }) => (
          <Section
            title={t('admin.queues')}
            text={t('admin.queuesText', {
              total: slots.total,
              emergency: slots.emergency,
              policy: sharePolicy,
            })}
            actions={again}
          >
            {rows.length === 0 ? <p class="soft">{t('admin.noQueues')}</p> : <QueueTable rows={rows} />}
            {hostsLeftInPeace.map(({ host, why }) => (
              <p key={host}>
                <Chip tone="warn">{host}</Chip> {t('admin.leftInPeace', { why })}
              </p>
            ))}
          </Section>
        )}
      </LoadedView>
      <Links />
    </>
  )
}

type Queue = Awaited<ReturnType<typeof api.showTransferQueues>>['queues'][number]

function QueueTable({ rows }: { rows: Queue[] }): JSX.Element {
  return (
    <DataTable
      label={t('admin.queues')}
      rows={rows}
      keyOf={({ share, link }) => `${share} ${link}`}
      columns={[
        { title: t('admin.share'), cell: ({ share }) => <Name>{share}</Name> },
        { title: t('admin.link'), cell: ({ link }) => link.replace('>', ' → ') },
        { title: t('admin.weight'), kind: 'number', cell: ({ weight }) => weight },
        {
          title: t('admin.jobs'),
          kind: 'number',
          cell: ({ jobs, pausedJobs }) =>
            pausedJobs === 0 ? jobs : t('admin.jobsPaused', { jobs, paused: pausedJobs }),
        },
        { title: t('admin.running'), kind: 'number', cell: ({ filesRunning }) => filesRunning },
        {
          title: t('admin.waiting'),
          kind: 'number',
          cell: ({ filesOpen, filesRunning }) => filesOpen - filesRunning,
        },
        { title: t('admin.bytes'), kind: 'number', cell: ({ bytesOpen }) => formatBytes(bytesOpen) },
      ]}
    />
  )
}

function Links(): JSX.Element {
  const links = usePages((cursor) => api.listTransferLinks({ query: { cursor, limit: 200 } }), [])
  const [edited, setEdited] = useState<TransferLink | undefined>(undefined)
  const close = () => {
    setEdited(undefined)
    void links.reload()
  }
  const pause = async ({ link, isPaused }: TransferLink) => {
    await api.changeTransferLink({ params: { link }, body: { isPaused: !isPaused } })
    await links.reload()
  }
  return (
    <Section title={t('admin.links')} text={t('admin.linksText')}>
      <PagesView of={links} empty={<p class="soft">{t('admin.noLinks')}</p>}>
        {(items) => (
          <DataTable
            label={t('admin.links')}
            rows={items}
            keyOf={({ link }) => link}
            columns={[
              { title: t('admin.link'), cell: (link) => <LinkName link={link} /> },
              {
                title: t('admin.running'),
                kind: 'number',
                cell: ({ running, decision }) => t('admin.runningOf', { running, decision }),
              },
              {
                title: t('admin.limits'),
                cell: ({ minActive, maxActive, bandwidth }) =>
                  [minActive, maxActive].every((v) => v === undefined)
                    ? (bandwidth ?? t('admin.automatic'))
                    : `${minActive ?? '…'}–${maxActive ?? '…'} ${bandwidth ?? ''}`,
              },
              { title: t('admin.rationale'), cell: ({ rationale }) => rationale },
              {
                title: t('common.actions'),
                kind: 'actions',
                cell: (link) => (
                  <Menu
                    label={t('admin.actionsFor', { name: link.link })}
                    items={[
                      {
                        label: t(link.isPaused ? 'admin.resume' : 'admin.pause'),
                        icon: link.isPaused ? 'play' : 'pause',
                        run: () => pause(link),
                      },
                      { label: t('admin.limits'), icon: 'settings', run: () => setEdited(link) },
                    ]}
                  />
                ),
              },
            ]}
          />
        )}
      </PagesView>
      {edited !== undefined && <LinkDialog link={edited} onClose={close} />}
    </Section>
  )
}

function LinkName({ link: { link, isPaused, pauseReason } }: { link: TransferLink }): JSX.Element {
  return (
    <>
      {link.replace('>', ' → ')} {isPaused && <Chip tone="warn">{t('admin.paused')}</Chip>}
      {pauseReason !== undefined && <p class="soft">{pauseReason}</p>}
    </>
  )
}
