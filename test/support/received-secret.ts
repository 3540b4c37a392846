import { readKeys } from '../../src/node-keys.ts'
import { createSeal } from '../../src/platform/seal.ts'
import type { TestNode } from './test-mesh.ts'

/** The secret of a share that somebody at a node was given, as the database of that node holds it. */
export async function receivedSecret(node: TestNode, receivedId: string): Promise<string> {
  const row = await node.node.db('received_shares').where({ id: receivedId }).first()
  return createSeal((await readKeys(node.folder)).nodeKey).open(row.secret_sealed)
}
