import { pipeline } from 'node:stream/promises'
import { ChecksumStream, type Checksums } from './checksums.ts'
import type { CliContext } from './context.ts'
import {
  type CopiedFile,
  type CopyItem,
  copyFile,
  copyInside,
  copyStream,
  forEachParallel,
  walk,
} from './copy.ts'
import { CliError, exitCodes, toFailure, usageError } from './exit.ts'
import { formatBytes } from './format.ts'
import type { TreeEntry } from './multistatus.ts'
import { type Output, toWritable } from './output.ts'
import type { NamedPlace } from './places.ts'
import { ProgressLine } from './progress.ts'
import type { Place } from './tree.ts'

export interface CopierOptions {
  output: Output
  overwrite: boolean
  parallel: number
  recursive: boolean
}

/** Carries out one `cp`: any number of sources, told and counted one by one. */
export class Copier {
  private readonly options: CopierOptions
  private readonly line: ProgressLine
  private done = 0
  private failed = 0
  private unverified = 0
  private bytesDone = 0
  private bytesTotal = 0
  private filesTotal = 0

  constructor(options: CopierOptions) {
    this.options = options
    this.line = new ProgressLine(options.output.stderr)
  }

  async copy(from: NamedPlace, to: NamedPlace, intoFolder: boolean): Promise<void> {
    const entry = await from.tree.find(from.path)
    if (entry === undefined)
      throw new CliError(`${from.tree.nameOf(from.path)}: nothing is there.`, { code: 'NOT_FOUND' })
    if (entry.kind === 'folder' && !this.options.recursive) {
      throw usageError(`${from.tree.nameOf(from.path)} is a folder; copy it with -r.`)
    }
    const target = await resolveTarget(entry, to, intoFolder)
    const item = { source: from, entry, target }
    if (from.tree.drive !== undefined && from.tree.drive === to.tree.drive) {
      await this.attempt(item, () => copyInside(item, this.options.overwrite))
    } else if (entry.kind === 'file') {
      await this.attempt(item, (onBytes) =>
        copyFile(item, { overwrite: this.options.overwrite, stated: statedOf(from), onBytes }),
      )
    } else {
      await this.copyFolder(item)
    }
  }

  async fromStandard(context: CliContext, to: NamedPlace): Promise<void> {
    if (to.location.folder) throw usageError('Standard input has no name; name the file it shall become.')
    const item = {
      source: to,
      entry: { name: '', kind: 'file' as const, sizeBytes: 0, mtimeMs: undefined, checksums: {} },
      target: to,
    }
    await this.attempt(item, (onBytes) =>
      copyStream(context.stdin, to, { overwrite: this.options.overwrite, onBytes }),
    )
  }

  async toStandard(context: CliContext, from: NamedPlace): Promise<void> {
    const { body, sizeBytes, checksums } = await from.tree.read(from.path)
    const name = from.tree.nameOf(from.path)
    const hashing = new ChecksumStream({ name, sizeBytes, checksums: { ...checksums, ...statedOf(from) } })
    await pipeline(body, hashing, toWritable(context.stdout), { end: false })
    this.done += 1
  }

  /** All folders first, while the files are collected: then totals are known and files can go side by side. */
  private async copyFolder(root: CopyItem): Promise<void> {
    await root.target.tree.makeFolder(root.target.path)
    const files: CopyItem[] = []
    for await (const item of walk(root.source, root.target)) {
      if (item.entry.kind === 'folder') await item.target.tree.makeFolder(item.target.path)
      else files.push(item)
    }
    const { overwrite, parallel } = this.options
    this.bytesTotal += files.reduce((sum, item) => sum + item.entry.sizeBytes, 0)
    this.filesTotal += files.length
    await forEachParallel(files, parallel, (item) =>
      this.attempt(item, (onBytes) => copyFile(item, { overwrite, onBytes }), false),
    )
  }

  /** One copy; a failure is told and counted, so that the others go on. */
  private async attempt(
    item: CopyItem,
    work: (onBytes: (sizeBytes: number) => void) => Promise<CopiedFile>,
    count = true,
  ): Promise<void> {
    if (count) {
      this.filesTotal += 1
      this.bytesTotal += item.entry.sizeBytes
    }
    try {
      const copied = await work((sizeBytes) => this.progress(sizeBytes, item.entry.name))
      this.done += 1
      if (!copied.verified && copied.checksums !== undefined) this.unverified += 1
      if (this.options.output.json) this.options.output.result(copied, () => '')
    } catch (error) {
      const { failure, exitCode } = toFailure(error)
      if (exitCode === exitCodes.interrupted) throw error
      this.line.clear()
      this.options.output.fail(failure)
      this.failed += 1
    }
  }

  private progress(sizeBytes: number, label: string): void {
    this.bytesDone += sizeBytes
    const { bytesDone, bytesTotal, done, filesTotal } = this
    const isKnown = bytesTotal >= bytesDone
    this.line.show({
      ...(filesTotal === 1 ? { label } : {}),
      bytesDone,
      bytesTotal: isKnown ? bytesTotal : undefined,
      filesDone: done,
      filesTotal,
    })
  }

  close(): void {
    this.line.clear()
  }

  conclude(): number {
    const { output } = this.options
    if (output.stderr.isTTY && this.done > 0 && this.bytesDone > 0) {
      const remark =
        this.unverified === 0 ? 'checksums equal' : `${this.unverified} without a checksum to compare`
      output.note(
        `${this.done} ${this.done === 1 ? 'file' : 'files'}, ${formatBytes(this.bytesDone)}, ${remark}`,
      )
    }
    if (this.failed === 0) return exitCodes.ok
    return this.done === 0 ? exitCodes.failed : exitCodes.doneWithErrors
  }
}

/** Where a source of that name goes: below a folder that is there, else exactly there. */
async function resolveTarget(entry: TreeEntry, to: NamedPlace, intoFolder: boolean): Promise<Place> {
  const present = await to.tree.find(to.path)
  const name = to.tree.nameOf(to.path)
  if (present?.kind === 'folder')
    return { tree: to.tree, path: entry.name === '' ? to.path : [...to.path, entry.name] }
  if (intoFolder || (to.location.folder && entry.kind === 'file')) {
    throw new CliError(`${name} is not a folder; make it first with mkdir -p.`, { code: 'NOT_A_FOLDER' })
  }
  if (present !== undefined && entry.kind === 'folder') {
    throw new CliError(`${name} is a file; a folder cannot be copied over it.`, { code: 'NOT_A_FOLDER' })
  }
  return to
}

function statedOf({ location }: NamedPlace): Checksums {
  const stated = location.kind === 'url' ? location.checksum : undefined
  return stated === undefined ? {} : { [stated.type]: stated.value }
}
