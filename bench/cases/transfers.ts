import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expectStatus } from '../clients/exchange.ts'
import { makeCollection, remove, seedFiles } from '../clients/seed.ts'
import type { RunningNode } from '../peers/causeway.ts'
import { callApi, type Mesh, startMesh } from '../peers/mesh.ts'
import { findProgram } from '../processes.ts'
import type { Bench, Case, Contestant } from '../types.ts'
import { formatBytes } from '../units.ts'
import { type CopyPlace, rcloneCopy } from './rclone-copy.ts'

const FOLDER = 'data'

/** One large file from node to node. */
export const transferLarge: Case = {
  name: 'transfer-large',
  group: 'transfers',
  title: ({ largeBytes }) => `node to node, 1 × ${formatBytes(largeBytes)}`,
  unit: 's',
  compares: [],
  open: (bench) =>
    openMesh(bench, async ({ from }, url) => {
      await expectStatus(
        { method: 'PUT', url: `${url}large`, headers: from.headers, sendBytes: bench.sizes.largeBytes },
        201,
      )
      return 1
    }),
}

/** Many small files from node to node. */
export const transferSmall: Case = {
  name: 'transfer-small',
  group: 'transfers',
  title: ({ transferFiles, transferFileBytes }) =>
    `node to node, ${transferFiles.toLocaleString('en')} × ${formatBytes(transferFileBytes)}`,
  unit: 's',
  compares: [],
  open: (bench) =>
    openMesh(bench, async ({ from }, url) => {
      const { transferFiles: count, transferFileBytes: sizeBytes } = bench.sizes
      await seedFiles(from, url, { prefix: 'file-', count, sizeBytes })
      return count
    }),
}

async function openMesh(
  { folder, stack }: Bench,
  seed: (mesh: Mesh, url: string) => Promise<number>,
): Promise<Contestant[]> {
  const mesh = await startMesh(folder, stack)
  const files = await seed(mesh, await makeCollection(mesh.from, FOLDER))
  const { receivedId: shareId } = await mesh.share(`/${FOLDER}`)
  const byNode = (executor: 'stream' | 'rclone', label: string): Contestant =>
    contestant(mesh.to, `causeway-${executor}`, label, (name) =>
      runJob(mesh.to, { shareId, name, files, executor }),
    )
  const stream = byNode('stream', 'Causeway')
  if (findProgram('rclone') === undefined) return [stream]
  const place: CopyPlace = { ...mesh, sourceName: FOLDER, configFile: join(folder, 'rclone.conf') }
  const byHand = (name: string, label: string, flags: string[]) =>
    contestant(mesh.to, name, label, (target) => rcloneCopy(place, target, files, flags))
  return [
    stream,
    byNode('rclone', 'Causeway, rclone executor'),
    byHand('rclone-copy', 'rclone copy', []),
    byHand('rclone-copy-10', 'rclone copy --transfers 10', ['--transfers', '10', '--checkers', '10']),
  ]
}

function contestant(
  to: RunningNode,
  name: string,
  label: string,
  copyTo: (target: string) => Promise<number>,
): Contestant {
  const targetOf = (round: number) => `${name}-${round}`
  return {
    name,
    label,
    measure: (round) => copyTo(targetOf(round)),
    tidy: (round) => remove(to, `${to.baseUrl}${targetOf(round)}/`),
  }
}

interface Job {
  id: string
  state: string
  files: { done: number }
  error?: { message: string }
}

/** From the order to the verified end, as who ordered it sees it. */
async function runJob(
  node: RunningNode,
  { shareId, name, files, executor }: { shareId: string; name: string; files: number; executor: string },
): Promise<number> {
  const started = performance.now()
  const order = { source: { shareId }, destination: { path: `/${name}` }, executor }
  let job = await callApi<Job>(node, 'POST', '/transfers', order)
  while (job.state === 'SUBMITTED' || job.state === 'ACTIVE') {
    await delay(20)
    job = await callApi<Job>(node, 'GET', `/transfers/${job.id}`)
  }
  if (job.state !== 'FINISHED' || job.files.done !== files) {
    throw new Error(
      `transfer ${job.id} ended ${job.state} with ${job.files.done} files: ${job.error?.message}`,
    )
  }
  return (performance.now() - started) / 1000
}
