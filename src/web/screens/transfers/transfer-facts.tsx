import type { JSX } from 'preact'
import type { Transfer } from '../../../client/operations.ts'
import { formatMoment } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { basePath, fileHref } from '../../router.ts'
import { Name } from '../../ui/bits.tsx'
import { Fact } from '../../ui/facts.tsx'
import { Section } from '../../ui/section.tsx'
import { endText, sourceText } from './words.ts'

/** What was ordered: from where to where, how, and when. */
export function TransferFacts({ job }: { job: Transfer }): JSX.Element {
  const { source, destination, createdAt, startedAt, finishedAt, deadline, notBefore } = job
  return (
    <Section title={t('transfers.facts')}>
      <dl class="facts">
        <Fact name={t('transfers.from')}>
          <Name>{sourceText(source)}</Name>
        </Fact>
        <Fact name={t('transfers.to')}>
          {'path' in destination && !('endpoint' in destination) ? (
            <a href={fileHref(destination.path)}>
              <Name>{endText(destination)}</Name>
            </a>
          ) : (
            <Name>{endText(destination)}</Name>
          )}
        </Fact>
        <Fact name={t('transfers.priority')}>{job.priority}</Fact>
        <Fact name={t('transfers.check')}>{t(`transfers.verify.${job.verify}`)}</Fact>
        <Fact name={t('transfers.link')}>{job.link.replace('>', ' → ')}</Fact>
        <Fact name={t('transfers.orderedAt')}>{formatMoment(createdAt)}</Fact>
        {notBefore !== undefined && <Fact name={t('transfers.notBefore')}>{formatMoment(notBefore)}</Fact>}
        {deadline !== undefined && <Fact name={t('transfers.deadline')}>{formatMoment(deadline)}</Fact>}
        {startedAt !== undefined && <Fact name={t('transfers.startedAt')}>{formatMoment(startedAt)}</Fact>}
        {finishedAt !== undefined && <Fact name={t('transfers.finishedAt')}>{formatMoment(finishedAt)}</Fact>}
        <Fact name={t('transfers.id')}>
          <a href={`${basePath}api/v1/transfers/${job.id}`} target="_blank" rel="noopener">
            <code>{job.id}</code>
          </a>
        </Fact>
      </dl>
    </Section>
  )
}
