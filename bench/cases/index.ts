import type { Case } from '../types.ts'
import { getLarge, putLarge } from './large-files.ts'
import { listForSync, listLarge, listUsual } from './listings.ts'
import { transferRecovery } from './recovery.ts'
import { remoteList, remoteRead, remoteWrite } from './remote-shares.ts'
import { shareMessages } from './share-messages.ts'
import { getSmall, putSmall } from './small-files.ts'
import { sync } from './sync.ts'
import { transferHuge, transferLarge, transferSmall, transferTiny, transferTree } from './transfers.ts'
import { treeEtag, treeList, treePut } from './trees.ts'

/** All comparisons, in the order of the report. */
export const cases: Case[] = [
  getLarge,
  putLarge,
  getSmall,
  putSmall,
  listUsual,
  listLarge,
  listForSync,
  sync,
  transferLarge,
  transferHuge,
  transferSmall,
  transferTree,
  transferTiny,
  transferRecovery,
  shareMessages,
  remoteList,
  remoteRead,
  remoteWrite,
  // Last, because a million files in the caches of the system is nothing for the others.
  treeList,
  treePut,
  treeEtag,
]
