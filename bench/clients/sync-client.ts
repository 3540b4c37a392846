import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { request } from 'undici'
import { type RunningNode, readLogin } from '../peers/causeway.ts'
import { runProgram } from '../processes.ts'

const FILES_IN_A_FOLDER = 100
/** Clients leave alone what changed within the last seconds. */
const FILE_AGE_SECONDS = 3_600

/** A desktop client with a folder of its own on this machine. */
export interface SyncClient {
  /** Writes that many different files below a folder, a hundred in each. */
  write(name: string, count: number, sizeBytes: number): Promise<void>
  /** One run of the program; throws with what it wrote when it does not end well. */
  sync(): Promise<void>
  /** How many requests of each method the node answered so far. */
  countRequests(): Promise<Map<string, number>>
  remove(): Promise<void>
}

/** Makes the folder and settings of a client that knew no server before. */
export async function startSyncClient(program: string, node: RunningNode, home: string): Promise<SyncClient> {
  const folder = join(home, 'folder')
  await mkdir(folder, { recursive: true })
  const { user, password } = readLogin(node)
  const args = ['-u', user, '-p', password, '--non-interactive', '--trust', '--silent', folder, node.origin]
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, 'config'),
    QT_QPA_PLATFORM: 'offscreen',
    LC_ALL: 'C.UTF-8',
  }
  return {
    write: (name, count, sizeBytes) => writeFiles(join(folder, name), count, sizeBytes),
    sync: async () => void (await runProgram(program, args, { env })),
    countRequests: () => countRequests(node),
    remove: () => rm(home, { recursive: true, force: true }),
  }
}

async function writeFiles(folder: string, count: number, sizeBytes: number): Promise<void> {
  const time = Date.now() / 1000 - FILE_AGE_SECONDS
  for (let index = 0; index < count; index++) {
    const place = join(folder, `folder-${Math.floor(index / FILES_IN_A_FOLDER)}`)
    if (index % FILES_IN_A_FOLDER === 0) await mkdir(place, { recursive: true })
    const file = join(place, `file-${index}.txt`)
    await writeFile(file, `file ${index} `.padEnd(sizeBytes, 'x'))
    await utimes(file, time, time)
  }
}

async function countRequests(node: RunningNode): Promise<Map<string, number>> {
  const text = await (await request(`${node.opsOrigin}/metrics`)).body.text()
  const counts = new Map<string, number>()
  const lines = text.matchAll(/^causeway_http_request_duration_seconds_count\{([^}]*)\} (\d+)$/gm)
  for (const [, labels = '', count] of lines) {
    const method = /method="(\w+)"/.exec(labels)?.[1] ?? ''
    counts.set(method, (counts.get(method) ?? 0) + Number(count))
  }
  return counts
}
