import type { JSX } from 'preact'
import { hrefOf, place } from '../router.ts'

export interface Tab {
  id: string
  label: string
}

interface TabsProps {
  /** The first segment of the screen's address; the tab is the second. */
  screen: string
  tabs: readonly Tab[]
  label: string
}

/** The parts of a screen, each with an address of its own; the back button goes from one to the other. */
export function Tabs({ screen, tabs, label }: TabsProps): JSX.Element {
  const current = currentTab(tabs)
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.id}
          href={hrefOf([screen, tab.id])}
          aria-current={tab.id === current ? 'page' : undefined}
        >
          {tab.label}
        </a>
      ))}
    </nav>
  )
}

/** The tab that the address names; the first when it names none. */
export function currentTab(tabs: readonly Tab[]): string {
  const named = place.value.segments[1]
  return tabs.find(({ id }) => id === named)?.id ?? tabs[0]?.id ?? ''
}
