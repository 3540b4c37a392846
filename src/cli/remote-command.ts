import type { Command } from 'commander'
import type { CommandCall } from './context.ts'
import { CliError } from './exit.ts'
import { formatDrivePath } from './locations.ts'
import type { TreeEntry } from './multistatus.ts'
import { numberBetween } from './numbers.ts'
import { Places, type RemotePlace } from './places.ts'

export const DRIVE_HELP = `
A location is a path in your drive (drive:/data or /data), a path in the drive of a profile
(PROFILE:/data), or an http, https, dav or davs URL.`

/** Options of all commands that work at servers directly. */
export interface RemoteOptions {
  timeout?: number
  secure?: boolean
}

export function withRemoteOptions(command: Command): Command {
  return command
    .option('-t, --timeout <seconds>', 'no longer without a byte than this', numberBetween(1, 86_400))
    .option('-u, --secure', 'nothing but TLS, except within this machine')
}

/** The places of one call; remarks about URLs go where remarks go. */
export function toPlaces({ context, options, output }: CommandCall<RemoteOptions>): Places {
  return new Places(context, {
    ...{ profile: options.profile, secure: options.secure === true },
    timeoutMs: options.timeout === undefined ? undefined : options.timeout * 1000,
    remark: (text) => output.note(text),
  })
}

export async function getEntry({ drive, path }: Pick<RemotePlace, 'drive' | 'path'>): Promise<TreeEntry> {
  const entry = await drive.find(path)
  if (entry === undefined)
    throw new CliError(`${formatDrivePath(path)}: nothing is there.`, { code: 'HTTP_404', status: 404 })
  return entry
}
