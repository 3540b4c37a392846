import type { ComponentChildren, JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Icon, type IconName } from './icons.tsx'
import { showError } from './toasts.tsx'

interface ButtonProps {
  children: ComponentChildren
  /** May take a while: the button is inert until it is done, and an error is shown as a toast. */
  onClick?: (event: MouseEvent) => unknown
  kind?: 'primary' | 'plain' | 'quiet' | 'danger'
  icon?: IconName
  type?: 'button' | 'submit'
  disabled?: boolean
  title?: string
}

export function Button(props: ButtonProps): JSX.Element {
  const { children, onClick, kind = 'plain', icon, type = 'button', disabled = false, title } = props
  const [isBusy, run] = useBusy(onClick)
  return (
    <button
      type={type}
      class={`button ${kind}`}
      disabled={disabled || isBusy}
      title={title}
      onClick={run}
      aria-busy={isBusy}
    >
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}

interface IconButtonProps {
  icon: IconName
  label: string
  onClick?: (event: MouseEvent) => unknown
  disabled?: boolean
  pressed?: boolean
  expanded?: boolean
}

/** A button that is only an icon; the label is read out and shown on hover. */
export function IconButton({
  icon,
  label,
  onClick,
  disabled = false,
  pressed,
  expanded,
}: IconButtonProps): JSX.Element {
  const [isBusy, run] = useBusy(onClick)
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      disabled={disabled || isBusy}
      aria-pressed={pressed}
      aria-expanded={expanded}
      onClick={run}
    >
      <Icon name={icon} />
    </button>
  )
}

/** A second click while the first is at work does nothing. */
function useBusy(
  action: ((event: MouseEvent) => unknown) | undefined,
): [boolean, (event: MouseEvent) => void] {
  const [isBusy, setBusy] = useState(false)
  const run = (event: MouseEvent) => {
    const result = isBusy ? undefined : action?.(event)
    if (!(result instanceof Promise)) return
    setBusy(true)
    result.catch(showError).finally(() => setBusy(false))
  }
  return [isBusy, run]
}
