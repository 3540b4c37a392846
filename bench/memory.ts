import { readdir, readFile, writeFile } from 'node:fs/promises'

const MIB_IN_KIB = 1024
/** Written to `clear_refs`, it sets the highest resident size back to the present one (proc(5)). */
const RESET_PEAK = '5'

/** Forgets how large the processes were so far; false where the system cannot (it takes Linux). */
export async function resetPeakMemory(pid: number): Promise<boolean> {
  try {
    for (const one of await listProcessTree(pid)) await writeFile(`/proc/${one}/clear_refs`, RESET_PEAK)
    return true
  } catch {
    return false
  }
}

/**
 * The highest resident size since `resetPeakMemory`, in MiB, summed over a process and all below it. What
 * processes share counts for each of them, so servers of many processes look a little larger than they are.
 */
export async function readPeakMemory(pid: number): Promise<number> {
  const sizes = (await listProcessTree(pid)).map(async (one) => {
    const status = await readFile(`/proc/${one}/status`, 'utf8').catch(() => '')
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0)
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / MIB_IN_KIB
}

async function listProcessTree(root: number): Promise<number[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = new Map(await Promise.all(all.map(async (pid) => [pid, await parentOf(pid)] as const)))
  const tree = [root]
  for (const pid of tree) tree.push(...all.filter((one) => parents.get(one) === pid))
  return tree
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name of the program stands before it in brackets and may hold anything.
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? undefined : Number(parent)
}
