import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expectStatus } from '../clients/exchange.ts'
import { makeCollection, remove, seedFiles } from '../clients/seed.ts'
import type { RunningNode } from '../peers/causeway.ts'
import { callApi, type Mesh, startMesh } from '../peers/mesh.ts'
import { findProgram } from '../processes.ts'
import type { Bench, Case, Contestant, Sizes } from '../types.ts'
import { formatBytes } from '../units.ts'
import { arcCopy, davixCopy, gfalCopy, makeGridHome } from './grid-copy.ts'
import { type CopyPlace, rcloneCopy } from './rclone-copy.ts'

const FOLDER = 'data'

/** One large file from node to node. */
export const transferLarge = oneFile('transfer-large', ({ largeBytes }) => largeBytes)

/** One that does not fit into what the system keeps of files in memory, or hardly. */
export const transferHuge = oneFile('transfer-huge', ({ hugeBytes }) => hugeBytes)

function oneFile(name: string, sizeOf: (sizes: Sizes) => number): Case {
  return {
    name,
    group: 'transfers',
    title: (sizes) => `node to node, 1 × ${formatBytes(sizeOf(sizes))}`,
    unit: 's',
    compares: [],
    open: (bench) =>
      openMesh(bench, async ({ from }, url) => {
        const sendBytes = sizeOf(bench.sizes)
        await expectStatus({ method: 'PUT', url: `${url}large`, headers: from.headers, sendBytes }, 201)
        return 1
      }),
  }
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

/** Twenty thousand files of 1 KiB: what each of them costs besides its bytes. */
export const transferTiny: Case = {
  name: 'transfer-tiny',
  group: 'transfers',
  title: ({ tinyFiles }) => `node to node, ${tinyFiles.toLocaleString('en')} × 1 KiB`,
  unit: 's',
  compares: [],
  open: (bench) =>
    openMesh(bench, async ({ from }, url) => {
      const count = bench.sizes.tinyFiles
      await seedFiles(from, url, { prefix: 'file-', count, sizeBytes: 1024 })
      return count
    }),
}

const TREE_FILES = 50

/** Folders below each other, with files in each. */
export const transferTree: Case = {
  name: 'transfer-tree',
  group: 'transfers',
  title: ({ treeDepth }) => `node to node, a tree ${treeDepth} deep, ${TREE_FILES} × 10 KiB in each folder`,
  unit: 's',
  compares: [],
  open: (bench) =>
    openMesh(bench, async ({ from }, url) => {
      let folder = url
      for (let depth = 0; depth < bench.sizes.treeDepth; depth++) {
        await seedFiles(from, folder, { prefix: 'file-', count: TREE_FILES, sizeBytes: 10 * 1024 })
        folder = `${folder}deeper/`
        await expectStatus({ method: 'MKCOL', url: folder, headers: from.headers }, 201)
      }
      return bench.sizes.treeDepth * TREE_FILES
    }),
}

async function openMesh(
  { folder, stack }: Bench,
  seed: (mesh: Mesh, url: string) => Promise<number>,
): Promise<Contestant[]> {
  const mesh = await startMesh(folder, stack)
  const files = await seed(mesh, await makeCollection(mesh.from, FOLDER))
  const { receivedId: shareId } = await mesh.share(`/${FOLDER}`)
  const byNode = (executor: 'auto' | 'rclone', label: string): Contestant =>
    contestant(mesh.to, `causeway-${executor}`, label, (name) =>
      runJob(mesh.to, { shareId, name, files, executor }),
    )
  return [
    byNode('auto', 'Causeway'),
    ...(files === 1 ? [byNode('rclone', 'Causeway, rclone executor')] : []),
    ...byRclone({ ...mesh, sourceName: FOLDER, configFile: join(folder, 'rclone.conf') }, files),
    ...(await byGridTools(mesh, folder, files)),
  ]
}

/** At ten milliseconds for each of its three requests per file it would take ten minutes for more. */
const MAX_RCLONE_FILES = 5000

/** With its best settings for many files besides those it has by itself. */
function byRclone(place: CopyPlace, files: number): Contestant[] {
  if (findProgram('rclone') === undefined || files > MAX_RCLONE_FILES) return []
  const copy = (name: string, label: string, flags: string[]) =>
    contestant(place.to, name, label, (target) => rcloneCopy(place, target, files, flags))
  const plain = copy('rclone-copy', 'rclone copy', [])
  if (files === 1) return [plain]
  return [
    plain,
    copy('rclone-copy-16', 'rclone copy --transfers 16', ['--transfers', '16', '--checkers', '16']),
  ]
}

/** A public link, which every tool can read; its address on loopback. */
async function linkTo(node: RunningNode): Promise<string> {
  const order = { path: `/${FOLDER}`, role: 'viewer', recipient: { type: 'link' } }
  const { link } = await callApi<{ link: { url: string } }>(node, 'POST', '/shares', order)
  return `${node.origin}/public.php/dav/files/${link.url.split('/').at(-1)}`
}

/** More than so many files one after the other would take hours. */
const MAX_GRID_FILES = 2000

async function byGridTools(mesh: Mesh, folder: string, files: number): Promise<Contestant[]> {
  if (files > MAX_GRID_FILES || findProgram('openssl') === undefined) return []
  const place = { to: mesh.to, sourceUrl: await linkTo(mesh.from), home: await makeGridHome(folder) }
  const found: Contestant[] = []
  const add = (program: string, label: string, copy: (target: string) => Promise<number>) => {
    if (findProgram(program) !== undefined) found.push(contestant(mesh.to, program, label, copy))
  }
  add('arccp', 'arccp -r', (target) => arcCopy(place, target, files))
  add('gfal-copy', 'gfal-copy -r (HTTP-TPC)', (target) => gfalCopy(place, target, files))
  if (files === 1) add('davix-cp', 'davix-cp (HTTP-TPC)', (target) => davixCopy(place, target, 'large'))
  return found
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
