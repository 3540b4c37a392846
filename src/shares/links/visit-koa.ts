import {
  BadRequestError,
  ForbiddenError,
  PayloadTooLargeError,
  PreconditionFailedError,
} from '../../platform/errors.ts'
import { type FormPart, readFormData } from '../../platform/form-data.ts'
import { parseForm, readForm } from '../../platform/read-bytes.ts'
import { type FileStore, parsePath, type StorePath } from '../../store/index.ts'
import {
  dropPage,
  filePage,
  folderPage,
  type LinkPageFacts,
  messagePage,
  otherCloudPage,
} from './link-page.ts'
import { addressAtNextcloud } from './offer-link.ts'
import type { LinkPageDeps, PageCall } from './routes.ts'

const MAX_FORM_BYTES = 16 * 1024

/** A folder, a file, or the bytes of a file. */
export async function showPlace(deps: LinkPageDeps, call: PageCall, isDownload: boolean): Promise<void> {
  const { ctx, visit } = call
  const store = visit.store([])
  const { path, files } = placeOf(call)
  if (isDownload) {
    const name = path.at(-1) ?? visit.name
    const chosen = files === undefined ? {} : { files }
    return deps.sendFile(ctx, { store: () => store, path: visit.pathOf(path), name, ...chosen })
  }
  const facts = await factsOf(deps, call)
  if (visit.isDrop) {
    ctx.body = dropPage(facts)
    return
  }
  const entry = await store.stat(visit.pathOf(path))
  if (entry.kind === 'file') {
    if (path.length > 0 && !visit.isFile)
      throw new BadRequestError('This is a file; go back and download it.')
    ctx.body = filePage(facts, entry)
    return
  }
  ctx.body = folderPage(facts, path, await store.list(path), entry.rights.write)
}

/**
 * `?path=/folder/name`; Nextcloud writes the last name apart, `?path=/folder&files=name`, and several names as a
 * JSON list, which is a choice in the folder.
 */
function placeOf({ ctx }: PageCall): { path: StorePath; files?: string[] } {
  const query = parseForm(ctx.querystring)
  const path = parsePath(query.get('path') ?? '')
  const text = query.get('files') ?? ''
  const files = text.startsWith('[') ? namesIn(text) : undefined
  if (files === undefined) return { path: [...path, ...parsePath(text)] }
  return files.length === 0 ? { path } : { path, files }
}

function namesIn(text: string): string[] | undefined {
  try {
    const json: unknown = JSON.parse(text)
    return Array.isArray(json) && json.every((name) => typeof name === 'string') ? json : undefined
  } catch {
    return undefined
  }
}

async function factsOf({ links }: LinkPageDeps, { ctx, base, visit }: PageCall): Promise<LinkPageFacts> {
  const brought = /^\d{1,4}$/.exec(parseForm(ctx.querystring).get('brought') ?? '')?.[0]
  return {
    base,
    name: visit.name,
    ownerName: await links.ownerName(visit.link),
    note: visit.link.share.note,
    message:
      brought === undefined
        ? undefined
        : `${brought} ${brought === '1' ? 'file has' : 'files have'} arrived.`,
  }
}

/** Files of the form, each into the folder that is shown; what is there already is not overwritten. */
export async function takeUpload(deps: LinkPageDeps, call: PageCall): Promise<void> {
  const { ctx, base, visit } = call
  if (visit.isFile) throw new ForbiddenError('Nothing can be brought to a single file.')
  const { path } = placeOf(call)
  const store = visit.store([])
  let count = 0
  for await (const part of readFormData(ctx.get('content-type'), deps.postedBytes(ctx))) {
    if (part.name !== 'files' || !part.fileName) continue
    await takeFile(store, path, part, deps.maxUploadBytes)
    count += 1
  }
  if (count === 0) throw new BadRequestError('No file was chosen.')
  deps.log.info({ shareId: visit.link.share.id, count }, 'files brought by a link')
  ctx.status = 303
  ctx.redirect(`${base}?path=${encodeURIComponent(`/${path.join('/')}`)}&brought=${count}`)
}

async function takeFile(
  store: FileStore,
  folder: StorePath,
  part: FormPart,
  maxBytes: number,
): Promise<void> {
  const name = (part.fileName ?? '').split(/[/\\]/).at(-1) ?? ''
  const [checked = ''] = parsePath(name)
  try {
    await store.write([...folder, checked], limited(part.body, maxBytes), {
      conditions: { ifNoneMatch: '*' },
    })
  } catch (error) {
    if (!(error instanceof PreconditionFailedError)) throw error
    throw new PreconditionFailedError(
      `There is something named ${checked} already; give the file another name.`,
    )
  }
}

async function* limited(bytes: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let sizeBytes = 0
  for await (const piece of bytes) {
    sizeBytes += piece.length
    if (sizeBytes > maxBytes)
      throw new PayloadTooLargeError(`A file may have at most ${maxBytes} bytes here.`)
    yield piece
  }
}

/** "Open in your own cloud", as a form. */
export async function addHere(deps: LinkPageDeps, { ctx, base, token, visit }: PageCall): Promise<void> {
  const shareWith = ((await readForm(ctx.req, MAX_FORM_BYTES)).get('shareWith') ?? '').trim()
  const ownerName = await deps.links.ownerName(visit.link)
  if (!shareWith.includes('@')) {
    const { host, href } = addressAtNextcloud(shareWith, {
      ...{ publicUrl: deps.publicUrl, token, name: visit.name, ownerName },
      isProtected: visit.link.passwordHash !== undefined,
    })
    ctx.body = otherCloudPage(base, host, href)
    return
  }
  await deps.links.offer(visit.link, shareWith, deps.clientAddress(ctx.req))
  ctx.body = messagePage('On its way', `Look for ${visit.name} at ${shareWith}, and accept it there.`, base)
}
