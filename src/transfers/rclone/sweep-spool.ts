import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** No file is on its way for longer; what is older was left by a process that was killed. */
const MAX_AGE_MS = 7 * 24 * 3_600_000

/** Removes what was left in the folder for bytes on their way to and from storage that only rclone speaks. */
export async function sweepSpool(folder: string, nowMs: number): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  for (const name of names) {
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && found.mtimeMs < nowMs - MAX_AGE_MS)
      await rm(path, { recursive: true, force: true })
  }
}
