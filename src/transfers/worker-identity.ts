import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Field 22 of /proc/PID/stat, counted behind the name in parentheses, which may hold spaces. */
const START_TIME_FIELD = 19

/** Names this very process so that a later one can tell whether it still lives: host, boot, pid, start. */
export async function describeProcess(pid = process.pid): Promise<string> {
  const boot = await readText('/proc/sys/kernel/random/boot_id')
  return JSON.stringify([hostname(), boot.trim(), pid, await startTimeOf(pid)])
}

/**
 * True only when the process is surely gone: same machine, and rebooted since, or no process of that
 * number that started then. In doubt its leases have to run out.
 */
export async function isProcessGone(description: string): Promise<boolean> {
  const [host, boot, pid, start] = JSON.parse(description) as [string, string, number, string]
  if (host !== hostname()) return false
  const present = JSON.parse(await describeProcess(pid)) as [string, string, number, string]
  if (present[1] !== boot) return true
  return boot === '' ? !isRunning(pid) : present[3] !== start
}

async function startTimeOf(pid: number): Promise<string> {
  const stat = await readText(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie has ended, whatever its parent does about it.
  return fields[0] === 'Z' ? '' : (fields[START_TIME_FIELD] ?? '')
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
