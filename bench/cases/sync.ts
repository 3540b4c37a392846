import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { remove } from '../clients/seed.ts'
import { type SyncClient, startSyncClient } from '../clients/sync-client.ts'
import { startNode } from '../peers/causeway.ts'
import { getProgram } from '../processes.ts'
import type { Bench, Case, Contestant } from '../types.ts'
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
  async open(bench) {
    const program = getProgram('nextcloudcmd', 'nextcloud-desktop-cmd')
    const usual = await preparation(bench, program, 'usual', {})
    const bulk = await preparation(bench, program, 'bulk', { CAUSEWAY_CLIENTS__BULK_UPLOAD: 'always' })
    return [
      counted('first sync', usual.pid, usual.renew),
      // The sync before looks once more at what its own uploads changed.
      counted('nothing changed', usual.pid, async () => {
        const client = usual.last() ?? (await usual.renew())
        await client.sync()
        return client
      }),
      counted('first sync, bulk upload always', bulk.pid, bulk.renew),
    ]
  },
}

interface Preparation {
  pid: number
  /** Empties the drive and makes a new client with all files. */
  renew(): Promise<SyncClient>
  last(): SyncClient | undefined
}

async function preparation(
  { sizes, folder, stack }: Bench,
  program: string,
  name: string,
  env: Record<string, string>,
): Promise<Preparation> {
  const home = join(folder, name)
  await mkdir(home)
  const node = await startNode(home, stack, { name, label: name, hostName: '127.0.0.1', env })
  let client: SyncClient | undefined
  const renew = async () => {
    await client?.remove()
    await remove(node, `${node.baseUrl}files/`)
    client = await startSyncClient(program, node, join(home, 'client'))
    await client.write('files', sizes.syncFiles, sizes.syncFileBytes)
    return client
  }
  return { pid: node.pid, renew, last: () => client }
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
