import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

interface FieldProps {
  label: string
  value: string
  onValue: (value: string) => void
  hint?: ComponentChildren
  /** Why the value is not taken. */
  problem?: string | undefined
  type?: 'text' | 'password' | 'email' | 'url' | 'number' | 'date' | 'datetime-local' | 'search'
  name?: string
  autocomplete?: AutoFill
  placeholder?: string
  required?: boolean
  autofocus?: boolean
  disabled?: boolean
  maxLength?: number
}

type AutoFill = 'off' | 'username' | 'current-password' | 'new-password' | 'email'

/** A line of input with its label, a hint and what is wrong with it. */
export function Field({
  label,
  value,
  onValue,
  hint,
  problem,
  type = 'text',
  ...input
}: FieldProps): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...input}
        id={id}
        {...({ type } as { type: 'text' })}
        autocapitalize="none"
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-hint`}
      />
      <FieldHint id={`${id}-hint`} hint={hint} problem={problem} />
    </div>
  )
}

interface SelectProps<V extends string> {
  label: string
  value: V
  onValue: (value: V) => void
  options: readonly { value: V; label: string }[]
  hint?: ComponentChildren
  disabled?: boolean
}

export function Select<V extends string>({
  label,
  value,
  onValue,
  options,
  hint,
  disabled,
}: SelectProps<V>): JSX.Element {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={disabled}
        onChange={(event) => onValue(event.currentTarget.value as V)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <FieldHint id={`${id}-hint`} hint={hint} />
    </div>
  )
}

interface CheckProps {
  label: ComponentChildren
  checked: boolean
  onChecked: (checked: boolean) => void
  disabled?: boolean
}

export function Check({ label, checked, onChecked, disabled }: CheckProps): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChecked(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  )
}

function FieldHint(props: {
  id: string
  hint?: ComponentChildren
  problem?: string | undefined
}): JSX.Element | null {
  const { id, hint, problem } = props
  if (problem !== undefined)
    return (
      <p id={id} class="field-problem" role="alert">
        {problem}
      </p>
    )
  return hint === undefined ? null : (
    <p id={id} class="field-hint">
      {hint}
    </p>
  )
}
