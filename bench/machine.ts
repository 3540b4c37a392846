import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import os from 'node:os'
import { loadGenerator } from './clients/load.ts'
import { formatBytes } from './units.ts'

const FILE_SYSTEMS: Record<number, string> = {
  61267: 'ext4',
  16914836: 'tmpfs',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  801189825: 'zfs',
  2035054128: 'overlayfs',
}

/** Where the figures come from; without it they mean little. */
export interface Machine {
  cores: number
  processor: string
  memory: string
  system: string
  fileSystem: string
  loadGenerator: string
  /** Load average of the last minute before the run: how much others were doing. */
  loadBefore: number
}

/** Describes this machine and the file system the data of the run lies on. */
export async function describeMachine(folder: string): Promise<Machine> {
  const cpus = os.cpus()
  const { type } = await statfs(folder)
  return {
    cores: cpus.length,
    processor: cpus[0]?.model ?? 'unknown',
    memory: formatBytes(os.totalmem()),
    system: `${distribution()}, ${os.type()} ${os.release()}, ${os.arch()}`,
    fileSystem: FILE_SYSTEMS[type] ?? `type 0x${type.toString(16)}`,
    loadGenerator: loadGenerator(),
    loadBefore: os.loadavg()[0] ?? 0,
  }
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? os.platform()
  } catch {
    return os.platform()
  }
}
