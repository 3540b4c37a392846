import { join } from 'node:path'
import { remove } from '../clients/seed.ts'
import { type SyncClient, startSyncClient } from '../clients/sync-client.ts'
import { startNode } from '../peers/causeway.ts'
import { getProgram } from '../processes.ts'
import type { Case, Contestant } from '../types.ts'
import { formatBytes } from '../units.ts'

/** A person's first sync, and one when nothing changed. Our node alone: the others lack what the client needs. */
export const sync: Case = {
  name: 'sync',
  group: 'webdav',
  title: ({ syncFiles, syncFileBytes }) =>
    `nextcloudcmd, ${syncFiles.toLocaleString('en')} × ${formatBytes(syncFileBytes)}`,
  unit: 's',
  compares: [],
  isList: true,
  async open({ sizes, folder, stack }) {
    const program = getProgram('nextcloudcmd', 'nextcloud-desktop-cmd')
    const start = { name: 'causeway', label: 'Causeway', hostName: '127.0.0.1', env: {} }
    const node = await startNode(folder, stack, start)
    let client: SyncClient | undefined
    const renew = async () => {
      await client?.remove()
      await remove(node, `${node.baseUrl}files/`)
      client = await startSyncClient(program, node, join(folder, 'client'))
      await client.write('files', sizes.syncFiles, sizes.syncFileBytes)
      return client
    }
    return [
      counted('first sync', node.pid, renew),
      // What its own uploads changed is looked at once more by the sync before.
      counted('nothing changed', node.pid, async () => {
        const settled = client ?? (await renew())
        await settled.sync()
        return settled
      }),
    ]
  },
}

/** Times one sync, and remembers which requests it took. */
function counted(label: string, pid: number, prepare: () => Promise<SyncClient>): Contestant {
  let requests = ''
  return {
    name: label.replaceAll(' ', '-'),
    label,
    pid,
    async measure() {
      const client = await prepare()
      const before = await client.countRequests()
      const started = performance.now()
      await client.sync()
      const seconds = (performance.now() - started) / 1000
      requests = difference(before, await client.countRequests())
      return seconds
    },
    remark: () => (requests === '' ? undefined : requests),
  }
}

function difference(before: Map<string, number>, after: Map<string, number>): string {
  const counts = [...after].map(([method, count]) => [method, count - (before.get(method) ?? 0)] as const)
  const seen = counts.filter(([, count]) => count > 0)
  const total = seen.reduce((sum, [, count]) => sum + count, 0)
  return `${total.toLocaleString('en')} requests (${seen.map((one) => one.join(' ')).join(', ')})`
}
