import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { formatAgo, formatMoment, visibleName } from '../format.ts'
import { t } from '../i18n/t.ts'
import { Icon, type IconName } from './icons.tsx'
import { showDone } from './toasts.tsx'

/** A name that somebody chose, kept from turning the text around it, with what is invisible made visible. */
export function Name({ children }: { children: string }): JSX.Element {
  return <bdi class="name">{visibleName(children)}</bdi>
}

/** A moment as "3 hours ago", with the exact time on hover. */
export function Ago({ at }: { at: string }): JSX.Element {
  return (
    <time dateTime={at} title={formatMoment(at)}>
      {formatAgo(at)}
    </time>
  )
}

interface ChipProps {
  children: ComponentChildren
  tone?: 'neutral' | 'good' | 'bad' | 'warn' | 'busy'
  icon?: IconName
}

/** A state in one word. */
export function Chip({ children, tone = 'neutral', icon }: ChipProps): JSX.Element {
  return (
    <span class={`chip ${tone}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </span>
  )
}

interface ProgressProps {
  /** 0 to 1; undefined while the end is not known. */
  value?: number | undefined
  label: string
  tone?: 'busy' | 'good' | 'bad'
}

export function Progress({ value, label, tone = 'busy' }: ProgressProps): JSX.Element {
  const known = value === undefined ? {} : { value: Math.min(1, Math.max(0, value)) }
  return <progress class={`progress ${tone}`} max={1} aria-label={label} {...known} />
}

interface EmptyProps {
  icon: IconName
  title: string
  children?: ComponentChildren
  /** What to do next. */
  action?: ComponentChildren
}

/** What stands where a list has nothing: what belongs there and what to do next. */
export function Empty({ icon, title, children, action }: EmptyProps): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {action}
    </div>
  )
}

const SLOW_MS = 8_000

/** Shown while something loads; says so when it takes long, for nothing spins for ever without a word. */
export function Loading(): JSX.Element {
  const [isSlow, setSlow] = useState(false)
  useEffect(() => {
    const timer = window.setTimeout(() => setSlow(true), SLOW_MS)
    return () => window.clearTimeout(timer)
  }, [])
  return (
    <div class="loading" role="status">
      <span class="spinner" />
      <span>{t(isSlow ? 'common.stillLoading' : 'common.loading')}</span>
    </div>
  )
}

/** A line to take away: an address, a code, a command. */
export function Copyable({ text, label }: { text: string; label: string }): JSX.Element {
  return (
    <div class="copyable">
      <code title={label}>{text}</code>
      <button
        type="button"
        class="button quiet"
        aria-label={`${t('common.copy')}: ${label}`}
        onClick={() => void navigator.clipboard.writeText(text).then(() => showDone(t('common.copied')))}
      >
        <Icon name="copy" />
        <span>{t('common.copy')}</span>
      </button>
    </div>
  )
}
