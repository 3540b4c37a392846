import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { t } from '../../i18n/t.ts'
import { place } from '../../router.ts'
import { Button } from '../../ui/button.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { Endpoints } from './endpoints.tsx'
import { NewTransferDialog } from './new-transfer.tsx'
import { Schedules } from './schedules.tsx'
import { TransferDetail } from './transfer-detail.tsx'
import { TransferList } from './transfer-list.tsx'

const TABS = ['jobs', 'endpoints', 'schedules'] as const

/** Copies of data: those that run or ran, the places they go to, and those that repeat. */
export function Screen(): JSX.Element {
  const [isOrdering, setOrdering] = useState(false)
  const part = place.value.segments[1] ?? 'jobs'
  if (!(TABS as readonly string[]).includes(part)) return <TransferDetail id={part} />
  return (
    <>
      <header class="screen-head">
        <h1>{t('transfers.title')}</h1>
        <Button icon="plus" kind="primary" onClick={() => setOrdering(true)}>
          {t('transfers.new')}
        </Button>
      </header>
      <Tabs
        screen="transfers"
        label={t('transfers.title')}
        tabs={TABS.map((id) => ({ id, label: t(`transfers.tab.${id}`) }))}
      />
      {part === 'jobs' && <TransferList />}
      {part === 'endpoints' && <Endpoints />}
      {part === 'schedules' && <Schedules />}
      {isOrdering && <NewTransferDialog onClose={() => setOrdering(false)} />}
    </>
  )
}
