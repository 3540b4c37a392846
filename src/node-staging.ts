import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { AccessTokens } from './accounts/access-tokens.ts'
import type { Config } from './config/schema.ts'
import { parsePath } from './store/index.ts'
import type { StageUploads } from './transfers/index.ts'

/** The folders of all spaces in which transfers keep their part files, whoever owns them. */
export async function listStagingFolders(storageFolder: string): Promise<string[]> {
  const spaces = await readdir(storageFolder, { withFileTypes: true })
  return spaces
    .filter((space) => space.isDirectory())
    .map((space) => join(storageFolder, space.name, 'staging', 'transfers'))
}

/** How the machine of a user sends inputs of computing jobs: into their drive, by a token for that folder. */
export function stageUploads(config: Config, tokens: AccessTokens): StageUploads {
  return {
    urlOf: (userName, path) =>
      [config.publicUrl.replace(/\/$/, ''), 'dav/files', encodeURIComponent(userName)].join('/') +
      path.split('/').map(encodeURIComponent).join('/'),
    async tokenFor(principal, path, seconds) {
      if (!config.transfers.tpc.enabled || principal.scope !== undefined) return undefined
      const grant = { path: parsePath(path), activities: ['UPLOAD', 'LIST'] as const }
      return (await tokens.issue(principal, [grant], seconds)).token
    },
  }
}
