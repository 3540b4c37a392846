import type { JSX } from 'preact'
import type { TransferSchedule } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf, navigate } from '../../router.ts'
import { Ago, Chip, Empty, Loading, Name } from '../../ui/bits.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { ErrorNote } from '../../ui/error-note.tsx'
import { Menu } from '../../ui/menu.tsx'
import { MorePages } from '../../ui/pages-view.tsx'
import { Section } from '../../ui/section.tsx'
import { usePages } from '../../ui/use-pages.ts'
import { endText, sourceText } from './words.ts'

/** Transfers that repeat by themselves. */
export function Schedules(): JSX.Element {
  const pages = usePages(
    (cursor) => api.listTransferSchedules({ query: cursor === undefined ? {} : { cursor } }),
    [],
  )
  const isFirst = pages.isLoading && pages.items.length === 0
  return (
    <Section title={t('transfers.tab.schedules')} text={t('transfers.schedulesText')}>
      {pages.error !== undefined && <ErrorNote error={pages.error} onRetry={pages.reload} />}
      {isFirst && <Loading />}
      {!isFirst && pages.items.length === 0 && pages.error === undefined && (
        <Empty icon="history" title={t('transfers.noSchedules')} />
      )}
      {pages.items.length > 0 && (
        <ul class="list">
          {pages.items.map((schedule) => (
            <ScheduleRow key={schedule.id} schedule={schedule} onChanged={pages.reload} />
          ))}
        </ul>
      )}
      <MorePages pages={pages} />
    </Section>
  )
}

function ScheduleRow({
  schedule,
  onChanged,
}: {
  schedule: TransferSchedule
  onChanged: () => unknown
}): JSX.Element {
  const { id, label, order, enabled, nextRun, lastError, lastJobId } = schedule
  const { source, destination } = order
  return (
    <li>
      <div class="grow">
        <strong>
          <Name>{label || id}</Name>
        </strong>
        {source !== undefined && destination !== undefined && (
          <p class="soft truncate">
            <Name>{sourceText(source)}</Name> → <Name>{endText(destination)}</Name>
          </p>
        )}
        <p class="numbers">
          {nextRun !== undefined && (
            <>
              {t('transfers.nextRun')} <Ago at={nextRun} />
            </>
          )}
          {lastJobId !== undefined && (
            <>
              {' · '}
              <a href={hrefOf(['transfers', lastJobId])}>{t('transfers.lastRun')}</a>
            </>
          )}
        </p>
        {lastError !== undefined && <p class="field-problem">{lastError}</p>}
      </div>
      <Chip tone={enabled ? 'good' : 'neutral'}>
        {t(enabled ? 'transfers.enabled' : 'transfers.disabled')}
      </Chip>
      <ScheduleMenu {...{ schedule, onChanged }} />
    </li>
  )
}

function ScheduleMenu({
  schedule: { id, label, enabled },
  onChanged,
}: {
  schedule: TransferSchedule
  onChanged: () => unknown
}): JSX.Element {
  const params = { id }
  const run = async () => {
    const job = await api.runTransferSchedule({ params })
    if (job !== undefined && 'id' in job) navigate(hrefOf(['transfers', job.id]))
  }
  const toggle = async () => {
    await api.changeTransferSchedule({ params, body: { enabled: !enabled } })
    await onChanged()
  }
  const remove = async () => {
    const question = {
      title: t('transfers.removeSchedule', { name: label || id }),
      text: t('transfers.removeScheduleText'),
    }
    if (!(await confirm({ ...question, action: t('common.remove') }))) return
    await api.removeTransferSchedule({ params })
    await onChanged()
  }
  return (
    <Menu
      label={t('transfers.actionsFor', { name: label || id })}
      items={[
        { label: t('transfers.runNow'), icon: 'play', run },
        {
          label: t(enabled ? 'transfers.disable' : 'transfers.enable'),
          icon: enabled ? 'pause' : 'check',
          run: toggle,
        },
        { label: t('common.remove'), icon: 'trash', tone: 'danger', run: remove },
      ]}
    />
  )
}
