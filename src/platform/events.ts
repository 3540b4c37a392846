/** What happens in a node that others may want to know at once: live pages and waiting schedulers. */
export interface NodeEvents {
  /** A transfer job or one of its files changed; `snapshot` is the API's view of the job. */
  transfer: { userId: string; jobId: string; snapshot: unknown }
  /** A share in or out changed state; `before`: of one that was taken back, where it stood until then. */
  share: { userId: string; shareId: string; state: string; before?: string }
  /** An invitation was used or a contact appeared or went. */
  contact: { userId: string; contactId: string }
  /** Somebody signed in in a browser; `client` is the browser in a few words. */
  signIn: { userId: string; sessionId: string; client: string; address: string; via: 'password' | 'oidc' }
  /** A password for a program was made. */
  appPassword: { userId: string; id: string; label: string }
  /** There is something to tell a user, or they dismissed it: `kind` says what, the list says the rest. */
  notification: { userId: string; kind: string }
  /** Something in the drive of a user changed: their files, their trash or versions. Many changes may be one event. */
  drive: { userId: string }
  /** The activity log of a user has something new. */
  activity: { userId: string }
  /** Events of another process may be lost: whoever listens has to ask for the state anew. */
  gap: Record<string, never>
  /** Between processes: there is work in the queue of transfers. */
  transferWork: Record<string, never>
  /** Between processes: what runs for this job has to end. */
  transferCancel: { jobId: string; reason: 'cancel' | 'stop' }
  /** Between processes: an operator changed a link. */
  transferLinks: Record<string, never>
  /** Between processes: a job was written by one that does not tell of jobs itself. */
  transferChanged: { jobId: string }
  /** There is a file for this delivery worker. */
  deliveryOffer: { hostId: string }
  /** A delivery worker announced itself or reported how a file ended. */
  deliveryReport: Record<string, never>
  /** Between processes: there is a notice to deliver. */
  notice: Record<string, never>
  /** Between processes: what is remembered of the root of a share of another server is old. */
  shareRoot: { shareId: string }
  /** Between processes: the unfinished uploads of a user hold other bytes than before. */
  uploads: { userId: string; bytes: number | 'unknown' }
  /** Between processes: a resumable upload is finished; for those who ask once more. */
  uploadFinished: { userId: string; id: string; finished: unknown }
}

export type EventName = keyof NodeEvents
/** `isFromElsewhere`: another process of the node published it. */
type Listener<N extends EventName> = (event: NodeEvents[N], isFromElsewhere: boolean) => void
type Relay = <N extends EventName>(name: N, event: NodeEvents[N]) => void

/**
 * Publish and subscribe within a node, which may be several processes. A convenience only: truth is in
 * the database.
 */
export class EventBus {
  private readonly listeners = new Map<EventName, Set<Listener<never>>>()
  private readonly relay: Relay | undefined

  /** `relay` takes what is published here to the other processes of the node. */
  constructor(relay?: Relay) {
    this.relay = relay
  }

  /** True when the node has other processes. */
  get isShared(): boolean {
    return this.relay !== undefined
  }

  publish<N extends EventName>(name: N, event: NodeEvents[N]): void {
    this.deliver(name, event, false)
    this.relay?.(name, event)
  }

  /** Tells the other processes of the node, and nobody here. */
  tellOthers<N extends EventName>(name: N, event: NodeEvents[N]): void {
    this.relay?.(name, event)
  }

  /** Another process published this. */
  hear<N extends EventName>(name: N, event: NodeEvents[N]): void {
    this.deliver(name, event, true)
  }

  /** Returns the function that ends the subscription. */
  subscribe<N extends EventName>(name: N, listener: Listener<N>): () => void {
    const set = this.listeners.get(name) ?? new Set()
    set.add(listener as Listener<never>)
    this.listeners.set(name, set)
    return () => set.delete(listener as Listener<never>)
  }

  private deliver<N extends EventName>(name: N, event: NodeEvents[N], isFromElsewhere: boolean): void {
    for (const listener of this.listeners.get(name) ?? []) (listener as Listener<N>)(event, isFromElsewhere)
  }
}
