import type { JSX } from 'preact'
import type { System } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { formatBytes, formatDuration } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { Ago } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { Fact } from '../../ui/facts.tsx'
import { LoadedView } from '../../ui/loaded-view.tsx'
import { Section } from '../../ui/section.tsx'
import { useLoad } from '../../ui/use-load.ts'
import { Findings } from './findings.tsx'

/** Whether the node is well: what the doctor finds, and the few numbers an operator looks at first. */
export function SystemHealth(): JSX.Element {
  const system = useLoad(() => api.getSystem(), [])
  const again = (
    <Button icon="retry" onClick={system.reload}>
      {t('admin.checkAgain')}
    </Button>
  )
  return (
    <LoadedView of={system}>
      {(data) => (
        <>
          <Section title={t('admin.health')} actions={again}>
            <Findings findings={data.checks} />
          </Section>
          <Section title={t('admin.facts')}>
            <Facts system={data} />
          </Section>
        </>
      )}
    </LoadedView>
  )
}

function Facts({ system }: { system: System }): JSX.Element {
  const { storage, queues, database, workers } = system
  const usedBytes = storage.totalBytes - storage.freeBytes
  const disk = t('admin.diskFree', {
    free: formatBytes(storage.freeBytes),
    total: formatBytes(storage.totalBytes),
  })
  return (
    <dl class="facts">
      <Fact name={t('admin.address')}>
        <code>{system.publicUrl}</code>
      </Fact>
      <Fact name={t('admin.version')}>
        {system.version} ({system.runtime})
      </Fact>
      <Fact name={t('admin.startedAt')}>
        <Ago at={system.startedAt} />
      </Fact>
      <Fact name={t('admin.database')}>{database.client === 'sqlite' ? 'SQLite' : 'PostgreSQL'}</Fact>
      <Fact name={t('admin.disk')}>
        <meter
          min={0}
          max={Math.max(1, storage.totalBytes)}
          value={usedBytes}
          high={storage.totalBytes * 0.9}
          aria-label={disk}
        />
        {disk}
      </Fact>
      <Fact name={t('admin.processes')}>
        {t('admin.processesText', { n: system.processes, workers: workers.length })}
      </Fact>
      <Fact name={t('admin.transferQueue')}>
        {queueText(queues.transfers.jobs, queues.transfers.ageSeconds)}
      </Fact>
      <Fact name={t('admin.messageQueue')}>
        {queueText(queues.messages.waiting, queues.messages.ageSeconds)}
        {queues.messages.failed > 0 && ` ${t('admin.messagesFailed', { n: queues.messages.failed })}`}
      </Fact>
    </dl>
  )
}

function queueText(n: number, ageSeconds: number | undefined): string {
  if (n === 0 || ageSeconds === undefined) return t('admin.queueLength', { n })
  return t('admin.queueWithAge', { n, age: formatDuration(ageSeconds) })
}
