import type { Peer } from '../types.ts'
import { apache } from './apache.ts'
import { causeway, causewayNoFsync } from './causeway.ts'
import { nginx } from './nginx.ts'
import { rclone } from './rclone.ts'

/** All servers we know to start; the first is the one that others are compared with. */
export const peers: Peer[] = [causeway, causewayNoFsync, rclone, apache, nginx]
