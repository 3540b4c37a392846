import { expectStatus } from '../clients/exchange.ts'
import { type RunningNode, readLogin } from '../peers/causeway.ts'
import { getProgram, runProgram } from '../processes.ts'

/** Between what `rclone copy` copies. */
export interface CopyPlace {
  from: RunningNode
  to: RunningNode
  /** The folder in the source's drive. */
  sourceName: string
  /** A file that need not exist: settings of whoever runs this stay out. */
  configFile: string
}

/**
 * Copies a folder with `rclone copy` as a person would between two drives; seconds from its start to its
 * end. Throws when files are missing afterwards.
 */
export async function rcloneCopy(
  place: CopyPlace,
  target: string,
  files: number,
  flags: readonly string[],
): Promise<number> {
  const rclone = getProgram('rclone', 'rclone')
  const env = { ...(await remote(rclone, 'FROM', place.from)), ...(await remote(rclone, 'TO', place.to)) }
  const paths = [`FROM:${place.sourceName}`, `TO:${target}`]
  const started = performance.now()
  await runProgram(rclone, ['copy', ...paths, '--config', place.configFile, ...flags], { env })
  const seconds = (performance.now() - started) / 1000
  await checkCount(place.to, target, files)
  return seconds
}

/** A remote by environment: nothing secret among the arguments, nothing on disk. */
async function remote(rclone: string, name: string, node: RunningNode): Promise<Record<string, string>> {
  const { user, password } = readLogin(node)
  const obscured = await runProgram(rclone, ['obscure', '-'], { stdin: password })
  return {
    [`RCLONE_CONFIG_${name}_TYPE`]: 'webdav',
    [`RCLONE_CONFIG_${name}_VENDOR`]: 'other',
    [`RCLONE_CONFIG_${name}_URL`]: node.baseUrl,
    [`RCLONE_CONFIG_${name}_USER`]: user,
    [`RCLONE_CONFIG_${name}_PASS`]: obscured.trim(),
  }
}

/** Throws when a folder of a node has fewer files below it than were copied. */
export async function checkCount(node: RunningNode, name: string, files: number): Promise<void> {
  const url = `${node.baseUrl}${name}/`
  const listed = await expectStatus(
    { method: 'PROPFIND', url, headers: { ...node.headers, Depth: 'infinity' }, keep: true },
    207,
  )
  const found = listed.text.match(/<(?:\w+:)?getcontentlength>/g)?.length ?? 0
  if (found < files * 0.98) throw new Error(`rclone copied ${found} of ${files} files`)
}
