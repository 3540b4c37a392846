import { pipeline } from 'node:stream/promises'
import { isForBulk, toBatches, uploadBatch } from './bulk-upload.ts'
import { ChecksumStream, type Checksums } from './checksums.ts'
import type { CliContext } from './context.ts'
import { type CopiedFile, type CopyItem, copyFile, copyInside, copyStream, skipped } from './copy.ts'
import { checkEnds, resolveTarget } from './copy-ends.ts'
import { forEachParallel, walk } from './copy-many.ts'
import { CopyTally } from './copy-tally.ts'
import { type CopyCommandTerms, type CopyTerms, mergeTerms, typesToCompute } from './copy-terms.ts'
import { CliError, usageError } from './exit.ts'
import { type Output, toWritable } from './output.ts'
import type { NamedPlace } from './places.ts'
import { withRetries } from './retry.ts'
import type { Place } from './tree.ts'

export interface CopierOptions {
  output: Output
  terms: CopyCommandTerms
  parallel: number
  recursive: boolean
  depth: number
  retries: number
  dryRun: boolean
  indicate: boolean
  signal: AbortSignal
}

type Work = (onBytes: (sizeBytes: number) => void) => Promise<CopiedFile>

/** Carries out one `cp`: any number of sources, told and counted one by one. */
export class Copier {
  readonly tally: CopyTally
  private readonly options: CopierOptions

  constructor(options: CopierOptions) {
    this.options = options
    this.tally = new CopyTally(options.output, options.indicate)
  }

  async copy(from: NamedPlace, to: NamedPlace, intoFolder: boolean): Promise<void> {
    const terms = mergeTerms(this.options.terms, from.terms, to.terms)
    try {
      await this.copyNamed(from, to, { intoFolder, terms })
    } catch (error) {
      if (!terms.failureAllowed) throw error
      this.tally.fail(error, true)
    }
  }

  private async copyNamed(
    from: NamedPlace,
    to: NamedPlace,
    { intoFolder, terms }: { intoFolder: boolean; terms: CopyTerms },
  ): Promise<void> {
    const name = from.tree.nameOf(from.path)
    const entry = await this.retried(() => from.tree.find(from.path))
    if (entry === undefined) throw new CliError(`${name}: nothing is there.`, { code: 'NOT_FOUND' })
    if (entry.kind === 'folder' && !this.options.recursive)
      throw usageError(`${name} is a folder; copy it with -r.`)
    const makeParents = terms.makeParents && !this.options.dryRun
    const target = await this.retried(() => resolveTarget(entry, to, { intoFolder, makeParents }))
    await checkEnds(from, target, entry.kind)
    const isRemote = target.tree.drive !== undefined
    const isNew = isRemote && (await this.retried(() => target.tree.find(target.path))) === undefined
    const item = { source: from, entry, target, isNew }
    const stated = { ...statedOf(from), ...statedOf(to) }
    if (entry.kind === 'folder' && Object.keys(stated).length > 0)
      throw usageError(`${name} is a folder; a checksum is of one file.`)
    const { recursive, depth, dryRun, signal } = this.options
    const isInside = from.tree.drive !== undefined && from.tree.drive === to.tree.drive
    if (isInside && !dryRun && !(recursive && Number.isFinite(depth)))
      await this.attempt(item, terms, () => this.copyInside(item, terms))
    else if (entry.kind === 'folder') await this.copyFolder(item, terms)
    else await this.attempt(item, terms, (onBytes) => copyFile(item, { terms, signal, stated, onBytes }))
  }

  async fromStandard(context: CliContext, to: NamedPlace): Promise<void> {
    if (to.location.folder) throw usageError('Standard input has no name; name the file it shall become.')
    const { signal } = this.options
    const terms = mergeTerms(this.options.terms, {}, to.terms)
    const entry = { name: '', kind: 'file' as const, sizeBytes: 0, mtimeMs: undefined, checksums: {} }
    const stated = statedOf(to)
    await this.attempt({ source: to, entry, target: to }, terms, (onBytes) =>
      copyStream(context.stdin, to, { terms, signal, stated, onBytes }),
    )
  }

  async toStandard(context: CliContext, from: NamedPlace): Promise<void> {
    const { body, sizeBytes, checksums } = await from.tree.read(from.path)
    const name = from.tree.nameOf(from.path)
    const stated = statedOf(from)
    const expected = { ...checksums, ...stated }
    const types = typesToCompute({ checksumTypes: from.terms.checksumTypes }, stated, expected)
    const hashing = new ChecksumStream({ name, sizeBytes, checksums: expected, types })
    await pipeline(body, hashing, toWritable(context.stdout), { end: false })
    this.tally.count()
  }

  private async copyInside(item: CopyItem, terms: CopyTerms): Promise<CopiedFile> {
    const isThere = terms.present === 'skip' && (await item.target.tree.find(item.target.path)) !== undefined
    return isThere ? skipped(item) : copyInside(item, terms.present === 'replace')
  }

  /** All folders first, while the files are collected: then totals are known and files can go side by side. */
  private async copyFolder(root: CopyItem, terms: CopyTerms): Promise<void> {
    const { parallel, depth, signal } = this.options
    if (!this.options.dryRun) await this.retried(() => root.target.tree.makeFolder(root.target.path))
    const files: CopyItem[] = []
    const refused: string[] = []
    const list = (folder: Place) => this.list(folder, terms)
    for await (const item of walk(root.source, root.target, { depth, list, isNew: root.isNew === true })) {
      const name = `${item.target.tree.nameOf(item.target.path)}/`
      if (refused.some((folder) => name.startsWith(folder))) continue
      if (item.entry.kind === 'file') files.push(item)
      else if (!(await this.makeFolder(item.target, terms))) refused.push(name)
    }
    this.tally.expect(files)
    const rest = await this.copyInBulk(files, root, terms)
    await forEachParallel(rest, parallel, (item) =>
      this.attempt(item, terms, (onBytes) => copyFile(item, { terms, signal, onBytes }), false),
    )
  }

  /** Small local files to a node that takes many at once; answers those that have to go one by one. */
  private async copyInBulk(files: CopyItem[], root: CopyItem, terms: CopyTerms): Promise<CopyItem[]> {
    const { door, drive } = root.target.tree
    const isHome = door?.pathInDrive(drive?.urlOf(root.target.path) ?? '') !== undefined
    const isLocal = root.source.tree.localPath([]) !== undefined
    if (door === undefined || !isHome || !isLocal || terms.present === 'skip' || this.options.dryRun)
      return files
    if (files.length < 2 || !(await door.offers()).bulk) return files
    const { parallel, signal } = this.options
    const batches = toBatches(files.filter(isForBulk))
    await forEachParallel(batches, Math.min(parallel, 4), async (batch) => {
      const results = await this.retried(() => uploadBatch(batch, door, { terms, signal })).catch(
        (error: unknown) => batch.map(() => error),
      )
      for (const [index, item] of batch.entries()) {
        const result = results[index]
        await this.attempt(
          item,
          terms,
          async (onBytes) => {
            if (typeof result !== 'object' || result === null || result instanceof Error) throw result
            onBytes(item.entry.sizeBytes)
            return result as CopiedFile
          },
          false,
        )
      }
    })
    return files.filter((item) => !isForBulk(item))
  }

  private async list(folder: Place, terms: CopyTerms) {
    try {
      return await this.retried(() => folder.tree.list(folder.path))
    } catch (error) {
      this.tally.fail(error, terms.failureAllowed)
      return []
    }
  }

  private async makeFolder(folder: Place, terms: CopyTerms): Promise<boolean> {
    if (this.options.dryRun) return true
    try {
      await this.retried(() => folder.tree.makeFolder(folder.path))
      return true
    } catch (error) {
      this.tally.fail(error, terms.failureAllowed)
      return false
    }
  }

  /** One copy; a failure is told and counted, so that the others go on. */
  private async attempt(item: CopyItem, terms: CopyTerms, work: Work, expect = true): Promise<void> {
    if (expect) this.tally.expect([item])
    try {
      if (this.options.dryRun) return this.tally.foretell(item, await this.foretell(item, terms))
      const onBytes = (sizeBytes: number) => this.tally.progress(sizeBytes, item.entry.name)
      this.tally.succeed(await this.retried(() => work(onBytes)))
    } catch (error) {
      this.tally.fail(error, terms.failureAllowed)
    }
  }

  private async foretell({ target }: CopyItem, { present }: CopyTerms): Promise<string> {
    if ((await target.tree.find(target.path)) === undefined) return 'copy'
    return present
  }

  private retried<T>(work: () => Promise<T>): Promise<T> {
    const { retries, signal } = this.options
    const onRetry = (error: CliError) => this.tally.note(`${error.message} Trying again.`)
    return withRetries({ retries, signal, onRetry }, work)
  }
}

function statedOf({ location }: NamedPlace): Checksums {
  const stated = location.kind === 'url' ? location.checksum : undefined
  return stated === undefined ? {} : { [stated.type]: stated.value }
}
