/** A person on an OCM server: an opaque identifier and the server's host[:port] (OCM 1.4 "OCM Address"). */
export interface OcmAddress {
  id: string
  host: string
}

/** The two resource types we share; a foreign server may call a folder a file. */
export type ResourceType = 'file' | 'folder'
export type OcmPermission = 'read' | 'write' | 'share'

/** A share as one internal model, whatever dialect it came or goes in. */
export interface OcmShare {
  shareWith: OcmAddress
  name: string
  description: string
  /** Opaque id of the share at the sending server. */
  providerId: string
  owner: OcmAddress
  ownerDisplayName: string
  sender: OcmAddress
  senderDisplayName: string
  shareType: 'user' | 'group'
  resourceType: ResourceType
  expiresAtMs?: number
  webdav: {
    /** Absolute URL of the shared file or of the root of the shared folder. */
    uri: string
    sharedSecret: string
    permissions: OcmPermission[]
    sizeBytes?: number
    /** What the recipient must do before it reads; `must-exchange-token` is the only one we know. */
    requirements?: string[]
    /** `basic`: the old form, the secret is the user name of Basic (OCM 1.0). Bearer unless given. */
    access?: 'bearer' | 'basic'
    /** The message did not say what is granted: `permissions` is a guess until PROPFIND tells. */
    permissionsUnknown?: boolean
    /**
     * The sender asks the recipient to take a copy (`datatx` among the access types). `only`: it is for that
     * and not for working in from afar (no `remote` beside it). Written for peers that can make such copies.
     */
    dataOffer?: DataOffer
    /** The member of the message that `uri` stood in, for refusals. */
    uriMember?: string
  }
  /** An application of the sender in which the resource can be opened, beside WebDAV. */
  webapp?: OcmWebapp
}

/** Whether the recipient may work in the share besides taking its copy. */
export type DataOffer = 'beside' | 'only'

/** `protocol.webapp`: where a browser opens what is shared in an application of the sender. */
export interface OcmWebapp {
  /** Absolute; of old servers with the place `{relative-path-to-shared-resource}` in it. */
  uri: string
  /** Is exchanged for the token that the browser posts; old servers mostly have none. */
  sharedSecret?: string
  permissions: ('view' | 'read' | 'write' | 'share')[]
  /** What people may call it; may be empty. */
  appName: string
  /** OCM 1.4: the browser has to post a token. Otherwise (1.1 to 1.3) the address alone may do. */
  isModern: boolean
}

/** How people of an invitation are told of each other. */
export interface OcmPerson {
  userId: string
  displayName: string
  email: string
}

/** What the inviting server learns when its invitation is accepted. */
export interface AcceptedInvite {
  token: string
  /** The host that accepted, proven by its signature unless the policy takes unsigned messages. */
  recipientProvider: string
  recipient: OcmPerson
}

/** What opens a share for a short time, in place of its secret (OCM 1.4 "Code Flow"). */
export interface AccessToken {
  accessToken: string
  expiresInSeconds: number
}
