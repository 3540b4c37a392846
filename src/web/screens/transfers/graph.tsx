import type { JSX } from 'preact'
import { formatRate } from '../../format.ts'
import { t } from '../../i18n/t.ts'
import type { Sample } from './live-jobs.ts'

const WIDTH = 600
const HEIGHT = 80

/** The rate over time, from what this page has heard. */
export function RateGraph({ samples }: { samples: readonly Sample[] }): JSX.Element | null {
  if (samples.length < 2) return null
  const highest = Math.max(1, ...samples.map(({ bytesPerSecond }) => bytesPerSecond))
  const label = t('transfers.graph', { rate: formatRate(highest) })
  return (
    <figure class="rate-graph">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <path class="area" d={`${linePath(samples, highest)} L${WIDTH} ${HEIGHT} L0 ${HEIGHT} Z`} />
        <path class="line" d={linePath(samples, highest)} />
      </svg>
      <figcaption>{label}</figcaption>
    </figure>
  )
}

/** An SVG path through the samples, scaled to the picture. */
export function linePath(samples: readonly Sample[], highest: number): string {
  const first = samples[0]?.atMs ?? 0
  const span = Math.max(1, (samples.at(-1)?.atMs ?? 0) - first)
  const points = samples.map(({ atMs, bytesPerSecond }) => {
    const x = ((atMs - first) / span) * WIDTH
    const y = HEIGHT - (bytesPerSecond / highest) * (HEIGHT - 4)
    return `${x.toFixed(1)} ${y.toFixed(1)}`
  })
  return `M${points.join(' L')}`
}
