import type { OcsSharingFeatures } from './sharing/types.ts'
import { statusDocument } from './status.ts'
import type { OcsData, OcsSite } from './types.ts'
import { VERSION_PARTS } from './versions.ts'

/** To whom bulk upload is announced: who does it right, everybody, or nobody. */
export type BulkUploadSetting = 'safe' | 'always' | 'never'

/** The first version of the desktop client that sends empty files in bulk. */
const FIRST_SAFE = [3, 10] as const

/**
 * True when the asker may be told of bulk upload. Desktop clients before 3.10 break off the whole request
 * when one of its files is empty, again and again, and so never upload any of them:
 * https://github.com/nextcloud/desktop/pull/5871
 */
export function announcesBulk(setting: BulkUploadSetting, userAgent: string): boolean {
  if (setting !== 'safe') return setting === 'always'
  const [, major, minor] = /\bmirall\/(\d+)\.(\d+)/.exec(userAgent) ?? []
  if (major === undefined) return true
  return Number(major) > FIRST_SAFE[0] || (Number(major) === FIRST_SAFE[0] && Number(minor) >= FIRST_SAFE[1])
}

/**
 * True when the asker may be told of tus. ownCloud's desktop client 2 sends every file in one request as
 * soon as it hears of it, and cannot go on with one that breaks off; in parts it can.
 */
export function announcesTus(userAgent: string): boolean {
  return !/\bmirall\/2\./.test(userAgent)
}

/** What ownCloud's clients read of tus; without a largest piece they send all that is left at once. */
const TUS_SUPPORT = {
  version: '1.0.0',
  resumable: '1.0.0',
  extension: 'creation,creation-with-upload',
  max_chunk_size: 0,
  http_method_override: '',
}

/** What differs between nodes, and between those who ask. */
export interface Offers {
  bulkUpload: boolean
  tus: boolean
  /** What was deleted can be restored. */
  trash: boolean
  /** What was overwritten can be restored. */
  versions: boolean
  sharing: OcsSharingFeatures
}

/**
 * What a client may use. What is left out here it never asks for. `dav.chunking` and
 * `files.bigfilechunking` belong together: with the second alone, clients fall back to a scheme of 2014
 * that would leave files named `…-chunking-…` behind.
 */
export function capabilities(site: OcsSite, offers: Offers): OcsData {
  const { bulkUpload, tus, trash, versions, sharing } = offers
  return {
    version: VERSION_PARTS,
    capabilities: {
      core: { pollinterval: 60, 'webdav-root': 'remote.php/webdav', status: statusDocument(site) },
      dav: { chunking: '1.0', ...(bulkUpload ? { bulkupload: '1.0' } : {}) },
      files: {
        bigfilechunking: true,
        versioning: versions,
        undelete: trash,
        ...(tus ? { tus_support: TUS_SUPPORT } : {}),
      },
      checksums: {
        supportedTypes: ['SHA1', 'SHA256', 'MD5', 'ADLER32', 'CRC32C'],
        preferredUploadType: 'SHA1',
      },
      files_sharing: sharingCapabilities(sharing),
      notifications: { 'ocs-endpoints': ['list', 'get', 'delete', 'delete-all'] },
      theming: { name: site.name, url: site.publicUrl, slogan: '' },
    },
  }
}

/** Clients look for some of these members without asking whether the one above is there: all stand always. */
function sharingCapabilities({ groups, links }: OcsSharingFeatures): OcsData {
  const noEnd = { enabled: false }
  return {
    api_enabled: true,
    resharing: true,
    default_permissions: 31,
    public: {
      enabled: links,
      password: { enforced: false, askForOptionalPassword: false },
      expire_date: noEnd,
      expire_date_internal: noEnd,
      expire_date_remote: noEnd,
      multiple_links: links,
      send_mail: false,
      upload: links,
      upload_files_drop: links,
      supports_upload_only: links,
    },
    user: { send_mail: false, expire_date: { enabled: true } },
    group_sharing: groups,
    group: { enabled: groups, expire_date: { enabled: true } },
    federation: {
      outgoing: true,
      incoming: true,
      expire_date: { enabled: true },
      expire_date_supported: { enabled: true },
    },
    sharee: { query_lookup_default: false, always_show_unique: true },
    sharebymail: { enabled: false },
  }
}
