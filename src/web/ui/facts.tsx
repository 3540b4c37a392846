import type { ComponentChildren, JSX } from 'preact'

/** One of a list of facts (`<dl class="facts">`): what it is, and its value. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
