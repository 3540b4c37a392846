import { join } from 'node:path'
import type { Config } from './config/schema.ts'
import type { Base } from './node-base.ts'
import { createEndpointResolver } from './node-endpoints.ts'
import type { Rooms } from './node-faces.ts'
import type { NodeKeys } from './node-keys.ts'
import { listStagingFolders, stageUploads } from './node-staging.ts'
import type { DisposalStack } from './platform/disposal.ts'
import { createSeal } from './platform/seal.ts'
import { createPlaces, createTransfers, type Transfers } from './transfers/index.ts'

/** Transfers, and the places they know besides drives and shares. */
export function createTransferRoom(
  base: Base,
  keys: NodeKeys,
  { accounts, groups, shares, tokens }: Pick<Rooms, 'accounts' | 'groups' | 'shares' | 'tokens'>,
  stack: DisposalStack,
): Transfers {
  const { config, metrics } = base
  const places = stack.use(
    createPlaces({
      ...base,
      ...{ groups, seal: createSeal(keys.nodeKey) },
      rcloneProgram: config.transfers.rcloneProgram,
      spoolFolder: join(config.storage.folder, '.spool'),
      isAdmin: async (userId) => (await accounts.findUserById(userId))?.isAdmin === true,
    }),
  )
  return stack.use(
    createTransfers({
      ...base,
      config: config.transfers,
      seal: createSeal(keys.nodeKey),
      endpoints: createEndpointResolver(shares, places),
      places,
      registry: metrics.registry,
      // Of several processes one runs transfers at a time: the next goes on with what this one was doing.
      workerId: 'main',
      isFlushed: config.storage.fsync !== 'never',
      stagingFolders: () => listStagingFolders(config.storage.folder),
      cacheFolder: join(config.storage.folder, '.cache'),
      userNameOf: async (userId) => (await accounts.findUserById(userId))?.name,
      groupsOf: async (userId) => (await groups.listGroupsOf(userId)).map(({ name }) => name),
      uploads: stageUploads(config, tokens),
      network: toWorkerNetwork(config.network),
    }),
  )
}

function toWorkerNetwork({ allow, insecureHttp, hosts }: Config['network']) {
  return { allow, insecureHttp, hosts }
}
