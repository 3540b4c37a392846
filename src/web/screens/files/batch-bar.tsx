import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { addHost } from '../../shell/hosts.ts'
import { Progress } from '../../ui/bits.tsx'
import { Button } from '../../ui/button.tsx'
import { batchProgress } from './batch.ts'

const FEW = 4

/** Lets the progress of work on many files be seen from now on. */
export function showBatch(): void {
  addHost(BatchBar)
}

function BatchBar(): JSX.Element | null {
  const batch = batchProgress.value
  if (batch === undefined || batch.total < FEW) return null
  const { kind, done, total, stop } = batch
  const text = t(`files.batch.${kind}`, { done, total })
  return (
    <section class="batch-bar" aria-label={text}>
      <p>{text}</p>
      <Progress label={text} value={done / total} />
      <Button kind="quiet" onClick={stop}>
        {t('files.batch.stop')}
      </Button>
    </section>
  )
}
