import { basename, dirname } from 'node:path'
import type { StorePath } from '../../store/types.ts'
import type { RcloneRemote } from '../endpoints.ts'
import type { RcloneDaemon } from '../executors/rclone-daemon.ts'
import { storageError } from '../executors/rclone-errors.ts'
import { type RcloneJobOptions, runRcloneJob } from '../executors/rclone-job.ts'

type Fields = Record<string, unknown>

/** What one storage is asked by way of rclone; failures are told with its name. */
export class RcloneCalls {
  private readonly daemon: RcloneDaemon
  private readonly remote: RcloneRemote

  constructor({ daemon, remote }: { daemon: RcloneDaemon; remote: RcloneRemote }) {
    this.daemon = daemon
    this.remote = remote
  }

  /** A call about what lies at a path. */
  async at(method: string, path: StorePath, input: Fields = {}): Promise<Fields> {
    return await this.about(method, { remote: this.remote.nameOf(path), ...input })
  }

  /** A call about the storage. */
  async about(method: string, input: Fields = {}): Promise<Fields> {
    return await this.run(method, { fs: await this.remote.fs(), ...input })
  }

  /** Copies or moves a file within the storage. */
  async relocate(method: string, from: StorePath, to: StorePath): Promise<void> {
    const fs = await this.remote.fs()
    await this.run(method, {
      ...{ srcFs: fs, srcRemote: this.remote.nameOf(from) },
      ...{ dstFs: fs, dstRemote: this.remote.nameOf(to) },
    })
  }

  /** Copies a file of the storage to a local one. */
  async fetch(path: StorePath, local: string, options: RcloneJobOptions): Promise<void> {
    const to = { dstFs: dirname(local), dstRemote: basename(local) }
    const from = { srcFs: await this.remote.fs(), srcRemote: this.remote.nameOf(path) }
    await this.run('operations/copyfile', { ...from, ...to }, options)
  }

  /** Copies a local file to the storage, whatever lies there. */
  async bring(local: string, path: StorePath, options: RcloneJobOptions): Promise<void> {
    const from = { srcFs: dirname(local), srcRemote: basename(local) }
    const to = { dstFs: await this.remote.fs(), dstRemote: this.remote.nameOf(path) }
    const config = { _config: { IgnoreTimes: true } }
    await this.run('operations/copyfile', { ...from, ...to, ...config }, options)
  }

  private async run(method: string, input: Fields, options: RcloneJobOptions = {}): Promise<Fields> {
    try {
      return await runRcloneJob(this.daemon, method, input, options)
    } catch (error) {
      throw storageError(error, this.remote.label)
    }
  }
}
