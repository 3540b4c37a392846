/** What happens in a node that others may want to know at once: live pages and waiting schedulers. */
export interface NodeEvents {
  /** A transfer job or one of its files changed; `snapshot` is the API's view of the job. */
  transfer: { userId: string; jobId: string; snapshot: unknown }
  /** A share in or out changed state. */
  share: { userId: string; shareId: string; state: string }
  /** An invitation was used or a contact appeared or went. */
  contact: { userId: string; contactId: string }
}

export type EventName = keyof NodeEvents
type Listener<N extends EventName> = (event: NodeEvents[N]) => void

/** In-process publish and subscribe. A convenience only: truth is in the database. */
export class EventBus {
  private readonly listeners = new Map<EventName, Set<Listener<never>>>()

  publish<N extends EventName>(name: N, event: NodeEvents[N]): void {
    for (const listener of this.listeners.get(name) ?? []) (listener as Listener<N>)(event)
  }

  /** Returns the function that ends the subscription. */
  subscribe<N extends EventName>(name: N, listener: Listener<N>): () => void {
    const set = this.listeners.get(name) ?? new Set()
    set.add(listener as Listener<never>)
    this.listeners.set(name, set)
    return () => set.delete(listener as Listener<never>)
  }
}
