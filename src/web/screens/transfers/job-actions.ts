import type { Transfer } from '../../../client/operations.ts'
import { api } from '../../api.ts'
import { t } from '../../i18n/t.ts'
import { hrefOf, navigate } from '../../router.ts'
import { confirm } from '../../ui/confirm.tsx'
import type { MenuItem } from '../../ui/menu.tsx'
import { showDone } from '../../ui/toasts.tsx'
import { isOver, jobName } from './words.ts'

/** What can be done with a job in its present state. */
export function jobActions(job: Transfer, onChanged: (job: Transfer) => void): MenuItem[] {
  const params = { id: job.id }
  const change = (work: () => Promise<Transfer>) => async () => onChanged(await work())
  const pause: MenuItem = {
    label: t('transfers.pause'),
    icon: 'pause',
    run: change(() => api.pauseTransfer({ params })),
  }
  const resume: MenuItem = {
    label: t('transfers.resume'),
    icon: 'play',
    run: change(() => api.resumeTransfer({ params })),
  }
  const cancel: MenuItem = {
    label: t('transfers.cancel'),
    icon: 'close',
    tone: 'danger',
    run: () => cancelJob(job, onChanged),
  }
  const retry: MenuItem = {
    label: t('transfers.retry'),
    icon: 'retry',
    run: change(() => api.retryTransfer({ params })),
  }
  const again: MenuItem = { label: t('transfers.again'), icon: 'copy', run: () => orderAgain(job) }
  if (!isOver(job)) return [job.state === 'PAUSED' ? resume : pause, ...priorities(job, onChanged), cancel]
  return [...(job.files.failed > 0 || job.state !== 'FINISHED' ? [retry] : []), again]
}

const STEP = 20

function priorities(job: Transfer, onChanged: (job: Transfer) => void): MenuItem[] {
  const amend = (priority: number) => async () =>
    onChanged(await api.amendTransfer({ params: { id: job.id }, body: { priority } }))
  return [
    {
      label: t('transfers.sooner'),
      icon: 'up',
      disabled: job.priority >= 100,
      run: amend(Math.min(100, job.priority + STEP)),
    },
    {
      label: t('transfers.later'),
      icon: 'down',
      disabled: job.priority <= 1,
      run: amend(Math.max(1, job.priority - STEP)),
    },
  ]
}

async function cancelJob(job: Transfer, onChanged: (job: Transfer) => void): Promise<void> {
  const question = {
    title: t('transfers.cancelTitle', { name: jobName(job) }),
    text: t('transfers.cancelText'),
  }
  if (!(await confirm({ ...question, action: t('transfers.cancel') }))) return
  onChanged(await api.cancelTransfer({ params: { id: job.id } }))
}

/** Orders the same once more: what is there already and unchanged is passed over. */
async function orderAgain(job: Transfer): Promise<void> {
  const { label, source, destination, overwrite, priority, executor, verify, options } = job
  const answer = await api.submitTransfer({
    body: { label, source, destination, overwrite, priority, executor, verify, options },
  })
  if (!('id' in answer)) return
  showDone(t('transfers.ordered'))
  navigate(hrefOf(['transfers', answer.id]))
}
