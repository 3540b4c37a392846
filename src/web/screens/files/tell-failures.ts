import { pageProblem } from '../../dav/problem.ts'
import { t } from '../../i18n/t.ts'
import { showError } from '../../ui/toasts.tsx'

/** Shows the first error of many, and how many more there were. */
export function tellFailures(failed: readonly { error: unknown }[]): void {
  const [first] = failed
  if (first === undefined) return
  showError(first.error)
  if (failed.length > 1) {
    showError(pageProblem('MORE_FAILED', t('files.failedMore', { n: failed.length - 1 })))
  }
}
