import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'

/** What stands over every screen and outlives them, such as the uploads; each is there once it was needed. */
export const hosts = signal<readonly ComponentType[]>([])

/** Shows a component over all screens from now on; a second time does nothing. */
export function addHost(host: ComponentType): void {
  if (!hosts.value.includes(host)) hosts.value = [...hosts.value, host]
}
