import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { TransferWorker } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { session } from '../../session.ts'
import { Ago, Chip, Copyable, Empty } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Field } from '../../ui/field.tsx'
import { Menu } from '../../ui/menu.tsx'
import { PagesView } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useForm } from '../../ui/use-form.ts'
import { usePages } from '../../ui/use-pages.ts'

const TONES = { working: 'good', draining: 'warn', silent: 'bad', 'never-seen': 'neutral' } as const

/** Further hosts that move files for the node. */
export function TransferWorkers(): JSX.Element {
  const workers = usePages((cursor) => api.listTransferWorkers({ query: { cursor, limit: 200 } }), [])
  const [isAdding, setAdding] = useState(false)
  const close = () => {
    setAdding(false)
    void workers.reload()
  }
  const add = (
    <Button icon="plus" onClick={() => setAdding(true)}>
      {t('admin.addWorker')}
    </Button>
  )
  return (
    <Section title={t('admin.workers')} text={t('admin.workersText')} actions={add}>
      <PagesView of={workers} empty={<Empty icon="transfers" title={t('admin.noWorkers')} />}>
        {(items) => <WorkerTable items={items} onChanged={workers.reload} />}
      </PagesView>
      {isAdding && <AddWorkerDialog onClose={close} />}
    </Section>
  )
}

function WorkerTable({
  items,
  onChanged,
}: {
  items: readonly TransferWorker[]
  onChanged: () => unknown
}): JSX.Element {
  return (
    <DataTable
      label={t('admin.workers')}
      rows={items}
      keyOf={({ name }) => name}
      columns={[
        { title: t('common.name'), cell: ({ name }) => name },
        {
          title: t('admin.state'),
          cell: ({ state }) => <Chip tone={TONES[state]}>{t(`admin.workerState.${state}`)}</Chip>,
        },
        { title: t('admin.load'), kind: 'number', cell: ({ load, slots }) => `${load}/${slots}` },
        { title: t('admin.moved'), kind: 'number', cell: ({ bytesTotal }) => formatBytes(bytesTotal) },
        {
          title: t('admin.lastSeen'),
          cell: ({ seenAt }) => (seenAt === undefined ? t('admin.never') : <Ago at={seenAt} />),
        },
        {
          title: t('common.actions'),
          kind: 'actions',
          cell: (worker) => <WorkerMenu {...{ worker, onChanged }} />,
        },
      ]}
    />
  )
}

function WorkerMenu({
  worker: { name, state },
  onChanged,
}: {
  worker: TransferWorker
  onChanged: () => unknown
}): JSX.Element {
  const isDraining = state === 'draining'
  const drain = async () => {
    await (isDraining
      ? api.resumeTransferWorker({ params: { name } })
      : api.drainTransferWorker({ params: { name } }))
    await onChanged()
  }
  const revoke = async () => {
    const question = { title: t('admin.revokeWorker', { name }), text: t('admin.revokeWorkerText') }
    if (!(await confirm({ ...question, action: t('common.remove') }))) return
    await api.revokeTransferWorker({ params: { name } })
    await onChanged()
  }
  return (
    <Menu
      label={t('admin.actionsFor', { name })}
      items={[
        {
          label: t(isDraining ? 'admin.resume' : 'admin.drain'),
          icon: isDraining ? 'play' : 'pause',
          run: drain,
        },
        { label: t('common.remove'), icon: 'trash', tone: 'danger', run: revoke },
      ]}
    />
  )
}

function AddWorkerDialog({ onClose }: { onClose: () => void }): JSX.Element {
  const [token, setToken] = useState<string | undefined>(undefined)
  const form = useForm({ name: '' }, async ({ name }) =>
    setToken((await api.addTransferWorker({ body: { name } })).token),
  )
  if (token !== undefined) {
    const command = `CAUSEWAY_WORKER_TOKEN=… causeway deliver --node ${new URL('.', document.baseURI).href.replace(/\/$/, '')}`
    return (
      <Dialog
        title={t('admin.workerAdded')}
        size="medium"
        onClose={onClose}
        footer={
          <Button kind="primary" onClick={onClose}>
            {t('common.close')}
          </Button>
        }
      >
        <p>{t('admin.workerToken')}</p>
        <Copyable text={token} label={t('admin.token')} />
        <Copyable text={command} label={t('admin.command')} />
      </Dialog>
    )
  }
  return (
    <Dialog
      title={t('admin.addWorker')}
      onClose={onClose}
      onSubmit={form.submit}
      footer={
        <Button type="submit" kind="primary" disabled={form.isBusy}>
          {t('admin.add')}
        </Button>
      }
    >
      {form.error !== undefined && <ErrorNote error={form.error} />}
      <Field
        label={t('common.name')}
        placeholder={session.value === undefined ? '' : 'transfer-1'}
        value={form.values.name}
        onValue={(v) => form.set('name', v)}
        required
        autofocus
      />
    </Dialog>
  )
}
