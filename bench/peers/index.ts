import type { Peer } from '../types.ts'
import { apache } from './apache.ts'
import { causeway, causewayNoFsync } from './causeway.ts'
import { nginx } from './nginx.ts'
import { bareKoa, webdavServer } from './packages.ts'
import { rclone } from './rclone.ts'
import { treePeers } from './tree.ts'

/** All servers we know to start; of those with one role the first is what the others are compared with. */
export const peers: Peer[] = [
  causeway,
  causewayNoFsync,
  rclone,
  apache,
  nginx,
  webdavServer,
  bareKoa,
  ...treePeers,
]
