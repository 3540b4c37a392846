import type { ComponentChildren, JSX } from 'preact'
import { useId } from 'preact/hooks'

interface SectionProps {
  title: string
  /** One or two sentences on what it is for. */
  text?: ComponentChildren
  /** Buttons beside the title. */
  actions?: ComponentChildren
  children?: ComponentChildren
}

/** A titled part of a screen. */
export function Section({ title, text, actions, children }: SectionProps): JSX.Element {
  const id = useId()
  return (
    <section class="section" aria-labelledby={id}>
      <header class="section-head">
        <h2 id={id}>{title}</h2>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {text !== undefined && <p class="soft">{text}</p>}
      {children}
    </section>
  )
}
