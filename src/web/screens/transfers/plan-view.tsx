import type { JSX } from 'preact'
import type { TransferPlan } from '../../../client/operations.ts'
import { formatBytes } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import { Name } from '../../ui/bits.tsx'

const SHOWN = 50
const ACTIONS = ['copy', 'skip', 'delete', 'refuse'] as const

/** What the order would do. */
export function PlanView({ plan }: { plan: TransferPlan }): JSX.Element {
  const { counts, paths, deletions, isComplete } = plan
  return (
    <section class="plan" aria-label={t('transfers.preview')} role="status">
      <ul>
        {ACTIONS.filter((action) => counts[action].files > 0).map((action) => (
          <li key={action}>
            {t(`transfers.plan.${action}`, {
              n: counts[action].files,
              size: formatBytes(counts[action].bytes),
            })}
          </li>
        ))}
      </ul>
      {paths.length === 0 && <p class="soft">{t('transfers.plan.nothing')}</p>}
      {deletions?.refusal !== undefined && <p class="field-problem">{deletions.refusal}</p>}
      {paths.length > 0 && (
        <ol class="plan-paths">
          {paths.slice(0, SHOWN).map(({ path, action, why }) => (
            <li key={path} title={why}>
              <small>{t(`transfers.planWord.${action}`)}</small> <Name>{path}</Name>
            </li>
          ))}
        </ol>
      )}
      {(paths.length > SHOWN || !isComplete) && <p class="soft">{t('transfers.plan.more')}</p>}
    </section>
  )
}
