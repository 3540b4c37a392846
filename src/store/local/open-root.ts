import { mkdir, realpath } from 'node:fs/promises'
import { ConflictError, UnavailableError } from '../../platform/errors.ts'
import type { FileIndex } from '../catalogue/file-index.ts'
import { factsOf } from './disk-facts.ts'

/**
 * Opens the root folder of a drive and returns its real path. It is made for a new drive only: where one
 * was before, a missing folder is a disk that is not mounted. Another folder than last time (restored
 * from a backup) is taken as changed from outside.
 */
export async function openRoot(index: FileIndex, folder: string): Promise<string> {
  const row = (await index.chain([]))[0]
  if (row === undefined) throw new ConflictError('The drive has no root in the index.')
  if (row.inode === '') await mkdir(folder, { recursive: true })
  const root = await realpath(folder).catch((cause) => {
    throw new UnavailableError(`The folder ${folder} is not there. Mount its disk.`, { cause })
  })
  const facts = await factsOf(root)
  if (facts?.kind !== 'folder') throw new UnavailableError(`${folder} is not a folder.`)
  if (facts.inode !== row.inode) await index.update(row.id, { inode: facts.inode, diskMtimeNs: '' })
  return root
}
