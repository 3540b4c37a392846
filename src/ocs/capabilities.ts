import { statusDocument } from './status.ts'
import type { OcsData, OcsSite } from './types.ts'
import { VERSION_PARTS } from './versions.ts'

/**
 * What a client may use. What is left out here it never asks for. `dav.chunking` and
 * `files.bigfilechunking` belong together: with the second alone, clients fall back to a scheme of 2014
 * that would leave files named `…-chunking-…` behind.
 */
export function capabilities(site: OcsSite): OcsData {
  return {
    version: VERSION_PARTS,
    capabilities: {
      core: { pollinterval: 60, 'webdav-root': 'remote.php/webdav', status: statusDocument(site) },
      dav: { chunking: '1.0', bulkupload: '1.0' },
      files: { bigfilechunking: true, versioning: false, undelete: false },
      checksums: { supportedTypes: ['SHA1', 'SHA256', 'MD5', 'ADLER32'], preferredUploadType: 'SHA1' },
      files_sharing: { api_enabled: false, public: { enabled: false } },
      theming: { name: site.name, url: site.publicUrl, slogan: '' },
    },
  }
}
