/** What an endpoint speaks. `webdav` and `http` are spoken here, the others by rclone. */
export const endpointKinds = ['webdav', 'http', 's3', 'sftp', 'rclone'] as const
export type EndpointKind = (typeof endpointKinds)[number]

export const copyChoices = ['yes', 'no', 'auto'] as const

/** What an endpoint can do besides holding files. */
export interface KnownAbilities {
  /** Whether it takes a COPY from or to another server (HTTP-TPC); `auto`: whatever it answers to OPTIONS. */
  thirdPartyCopy: (typeof copyChoices)[number]
  /** What it answered when it was asked. */
  foundCopy?: boolean
  /** Base of its WLCG Tape REST API, told or found. */
  tapeUrl?: string
}

/** Storage that was defined once. */
export interface TransferEndpoint {
  id: string
  /** Undefined: of the operator. */
  ownerUserId: string | undefined
  name: string
  kind: EndpointKind
  url: string | undefined
  /** Settings that are no secret. */
  parameters: Record<string, string>
  /** JSON of the secrets under the key of the node. */
  secretsSealed: string | undefined
  /** Who may use one of the operator: the members of these groups; undefined: everybody. */
  groupNames: readonly string[] | undefined
  abilities: KnownAbilities
  createdAtMs: number
}

/** An endpoint as it is defined or changed. */
export interface EndpointInput {
  name: string
  kind: EndpointKind
  url?: string | undefined
  parameters?: Record<string, string> | undefined
  secrets?: Record<string, string> | undefined
  /** Of the operator, for everybody or for `groups`. */
  shared?: boolean | undefined
  groups?: string[] | undefined
  thirdPartyCopy?: KnownAbilities['thirdPartyCopy'] | undefined
  tapeUrl?: string | undefined
}
