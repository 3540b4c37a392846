import type { Connection } from './connection.ts'
import type { DavHttp } from './dav-http.ts'
import { CliError } from './exit.ts'

/** What a server of our family does beyond WebDAV. */
export interface NodeOffers {
  /** Uploads in pieces (chunking v2). */
  pieces: boolean
  /** Many small files in one request. */
  bulk: boolean
  /** `OC-Checksum` of an upload is held against its bytes. */
  verifies: boolean
}

const NOTHING: NodeOffers = { pieces: false, bulk: false, verifies: false }
const FILES = /^\/(remote\.php\/)?dav\/files\/([^/]+)\/(.*)$/

interface Capabilities {
  ocs?: {
    data?: {
      capabilities?: {
        dav?: { chunking?: string; bulkupload?: string }
        checksums?: { supportedTypes?: string[] }
      }
    }
  }
}

/** A node that we have a login for, and its ways besides plain WebDAV. */
export class NodeDoor {
  readonly http: DavHttp
  private readonly connection: Connection
  private asked: Promise<NodeOffers> | undefined

  constructor(connection: Connection, http: DavHttp) {
    this.connection = connection
    this.http = http
  }

  /** Asked once; a server that does not answer offers nothing. */
  offers(): Promise<NodeOffers> {
    this.asked ??= this.ask()
    return this.asked
  }

  get bulkUrl(): string {
    return `${this.connection.url}/remote.php/dav/bulk`
  }

  uploadUrl(id: string, part = ''): string {
    return `${this.connection.url}/remote.php/dav/uploads/${encodeURIComponent(this.connection.user ?? '')}/${id}/${part}`
  }

  /** The path in the user's own drive that an address is, decoded; undefined for all others. */
  pathInDrive(url: string): string | undefined {
    const { origin, pathname } = new URL(url)
    const node = new URL(this.connection.url)
    const base = node.pathname.replace(/\/$/, '')
    if (origin !== node.origin || !pathname.startsWith(`${base}/`)) return undefined
    const [, , user = '', path = ''] = FILES.exec(pathname.slice(base.length)) ?? []
    return user === '' || decodeURIComponent(user) !== this.connection.user
      ? undefined
      : `/${decodeURIComponent(path)}`
  }

  private async ask(): Promise<NodeOffers> {
    if (this.connection.user === undefined) return NOTHING
    const url = `${this.connection.url}/ocs/v2.php/cloud/capabilities?format=json`
    try {
      const answer = await this.http.send('GET', url, 'capabilities', {
        headers: { 'OCS-APIRequest': 'true' },
      })
      const { dav, checksums } = ((await answer.body.json()) as Capabilities).ocs?.data?.capabilities ?? {}
      return {
        pieces: dav?.chunking !== undefined,
        bulk: dav?.bulkupload !== undefined,
        verifies: checksums?.supportedTypes?.includes('SHA256') === true,
      }
    } catch (error) {
      if (error instanceof CliError || error instanceof SyntaxError) return NOTHING
      throw error
    }
  }
}
