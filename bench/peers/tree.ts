import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runProgram } from '../processes.ts'
import { type Peer, TREE_FOLDER_FILES } from '../types.ts'
import { causeway, command, startNode } from './causeway.ts'

/** The folder that is looked at, in trees of every size; with a slash at its end. */
export const TREE_FOLDER = 'tree/00/00/'
/** Folders in a folder. */
const FAN_OUT = 100

/**
 * Nodes of ours with drives of the sizes of `Sizes.treeFiles`. The files are empty, but really there, and
 * the index is filled from the disk by `causeway index rebuild`. Without fsync: the disk's own time would
 * hide what the index costs.
 */
export const treePeers: Peer[] = [0, 1, 2, 3].map(treePeer)

function treePeer(index: number): Peer {
  const name = `tree-${index + 1}`
  return {
    name,
    label: name,
    role: 'tree',
    version: () => causeway.version(),
    async start(folder, stack, sizes) {
      const files = sizes.treeFiles[index] ?? 0
      const label = `${files.toLocaleString('en')} files`
      let rebuildSeconds = 0
      // Far faster than file by file from here.
      stack.defer(() => runProgram('rm', ['-rf', folder]).then(() => undefined))
      const running = await startNode(folder, stack, {
        name,
        label,
        hostName: '127.0.0.1',
        env: { CAUSEWAY_STORAGE__FSYNC: 'never' },
        prepare: async (node) => {
          rebuildSeconds = await fillDrive(node, files)
        },
      })
      return { ...running, startNote: `index filled from the disk in ${rebuildSeconds.toFixed(1)} s` }
    },
  }
}

/** Puts files into the only drive of a node that does not run; seconds that the index took. */
async function fillDrive(node: string, files: number): Promise<number> {
  await runProgram(command, ['index', 'rebuild', node])
  const spaces = join(node, 'spaces')
  const space = readdirSync(spaces).find((name) => !name.startsWith('.')) ?? ''
  for (let folder = 0; folder < files / TREE_FOLDER_FILES; folder++) {
    const place = join(spaces, space, 'files', 'tree', level(folder / FAN_OUT), level(folder % FAN_OUT))
    mkdirSync(place, { recursive: true })
    for (let file = 0; file < TREE_FOLDER_FILES; file++) writeFileSync(join(place, `file-${file}`), '')
  }
  const started = performance.now()
  await runProgram(command, ['index', 'rebuild', node])
  return (performance.now() - started) / 1000
}

function level(number: number): string {
  return String(Math.floor(number)).padStart(2, '0')
}
