import type { JSX } from 'preact'
import { t } from '../../i18n/t.ts'
import { Icon, type IconName } from '../../ui/icons.tsx'

export interface Finding {
  check: string
  level: 'ok' | 'warn' | 'fail'
  message: string
  remedy?: string
}

const ICONS: Record<Finding['level'], IconName> = { ok: 'check', warn: 'warning', fail: 'close' }

/** What the doctor found, the worst first, with what to do about it. */
export function Findings({ findings }: { findings: readonly Finding[] }): JSX.Element {
  const rank = { fail: 0, warn: 1, ok: 2 }
  const sorted = findings.toSorted((a, b) => rank[a.level] - rank[b.level])
  return (
    <ul class="findings">
      {sorted.map(({ check, level, message, remedy }) => (
        <li key={`${check} ${message}`} class={level}>
          <Icon name={ICONS[level]} label={t(`admin.level.${level}`)} />
          <div>
            <p>
              <strong>{check}</strong> {message}
            </p>
            {remedy !== undefined && <p class="soft">{remedy}</p>}
          </div>
        </li>
      ))}
    </ul>
  )
}
