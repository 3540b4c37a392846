/** What is asked about another server. */
export interface PeerHealth {
  host: string
  succeededAtMs?: number
  lastFailure?: {
    atMs: number
    /** `away`: it could not be reached. `signature`: it did not take ours. */
    reason: 'away' | 'signature' | 'other'
    text: string
  }
  /** It signs with a key that replaced all known ones, and its messages are refused. */
  hasHeldKey: boolean
}

/** The facts of the node that administrators are told of. */
export interface NodeFacts {
  /** Of the disk where the drives lie. */
  disk(): Promise<{ freeBytes: number; totalBytes: number }>
  /** Of all servers this node has exchanged messages with. */
  listPeers(): Promise<PeerHealth[]>
  /** The ids of administrators. */
  listAdmins(): Promise<string[]>
  /** Of who has no limit of their own. */
  quotaBytes: number | undefined
}
