import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The folders of all spaces in which transfers keep their part files, whoever owns them. */
export async function listStagingFolders(storageFolder: string): Promise<string[]> {
  const spaces = await readdir(storageFolder, { withFileTypes: true })
  return spaces
    .filter((space) => space.isDirectory())
    .map((space) => join(storageFolder, space.name, 'staging', 'transfers'))
}
