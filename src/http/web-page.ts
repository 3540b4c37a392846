import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import type { Context, Middleware } from 'koa'
import mime from 'mime-types'
import { htmlPage, PAGE_HEADERS } from '../platform/html-page.ts'

/**
 * The first parts of the page's own addresses; each is answered with the one document, whose script shows
 * the screen. The same list stands in `src/web/router.ts`.
 */
export const PAGE_SCREENS: readonly string[] = [
  '',
  'files',
  'shared-with-me',
  'shared-by-me',
  'pending',
  'connections',
  'transfers',
  'activity',
  'trash',
  'settings',
  'admin',
  'login',
]

/** Nothing but the node's own files runs or shows in the page, and no other site may frame it. */
export const WEB_PAGE_POLICY =
  "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; object-src 'none'; base-uri 'self'; " +
  "form-action 'self'; frame-ancestors 'none'"

const SECURITY_HEADERS = {
  'Content-Security-Policy': WEB_PAGE_POLICY,
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
}

const FOR_EVER = 'public, max-age=31536000, immutable'
const SMALL_BYTES = 1024

interface Asset {
  bytes: Buffer
  type: string
  /** Compressed when somebody first takes it so. */
  packed: Map<'br' | 'gzip', Promise<Buffer>>
}

export interface WebPageDeps {
  /** Where the built page lies; when nothing does, visitors are told how to build it. */
  folder: string
  /** Path of `publicUrl`, without a slash at its end. */
  basePath: string
}

/** The web page of the node: its document for every screen's address, and what the document loads. */
export function webPage({ folder, basePath }: WebPageDeps): Middleware {
  const assets = readAssets(folder)
  const page = documentOf(assets, basePath)
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next()
    const path = pathBelow(ctx.path, basePath)
    if (path === undefined) return next()
    if (isScreen(path)) return showDocument(ctx, page)
    const asset = assets.get(path)
    if (asset === undefined) {
      await next()
      return isLost(ctx, path) ? showDocument(ctx, page, 404) : undefined
    }
    ctx.set('Cache-Control', path.startsWith('assets/') ? FOR_EVER : 'public, max-age=3600')
    await send(ctx, asset)
  }
}

function isScreen(path: string): boolean {
  const [first = ''] = path.split('/')
  return path === '' || (first !== '' && PAGE_SCREENS.includes(first))
}

/** Somebody with a browser came to an address where nothing is: the page says so, with a way on. */
function isLost(ctx: Context, path: string): boolean {
  const isNavigation = ctx.get('sec-fetch-dest') === 'document'
  return isNavigation && ctx.status === 404 && ctx.body === undefined && !path.startsWith('api/')
}

/** A proxy may take the base path away or leave it. */
function pathBelow(path: string, basePath: string): string | undefined {
  if (basePath !== '' && path === basePath) return ''
  return (path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path).slice(1)
}

function readAssets(folder: string): Map<string, Asset> {
  const names = listFiles(folder)
  return new Map(
    names.map((name) => {
      const type = mime.contentType(extname(name)) || 'application/octet-stream'
      return [
        name.replaceAll('\\', '/'),
        { bytes: readFileSync(join(folder, name)), type, packed: new Map() },
      ]
    }),
  )
}

function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  } catch {
    return []
  }
}

function documentOf(assets: Map<string, Asset>, basePath: string): Asset | undefined {
  const built = assets.get('index.html')
  assets.delete('index.html')
  if (built === undefined) return undefined
  const text = built.bytes.toString().replace('<base href="/" />', `<base href="${basePath}/" />`)
  return { ...built, bytes: Buffer.from(text) }
}

async function showDocument(ctx: Context, page: Asset | undefined, status = 200): Promise<void> {
  ctx.status = status
  if (page === undefined) return showUnbuilt(ctx)
  ctx.set({ ...SECURITY_HEADERS, 'Cache-Control': 'no-cache' })
  await send(ctx, page)
}

function showUnbuilt(ctx: Context): void {
  ctx.set(PAGE_HEADERS)
  ctx.type = 'html'
  ctx.body = htmlPage(
    'The page is not built',
    '<p>This node runs from its sources, and its web page has not been built yet: run <code>make web</code>, ' +
      'then start the node again. The drive, the API and the command work without it.</p>',
  )
}

const packers = { br: promisify<Buffer, Buffer>(brotliCompress), gzip: promisify<Buffer, Buffer>(gzip) }

async function send(ctx: Context, asset: Asset): Promise<void> {
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.vary('Accept-Encoding')
  ctx.type = asset.type
  const encoding = asset.bytes.length < SMALL_BYTES ? false : ctx.acceptsEncodings('br', 'gzip', 'identity')
  if (encoding !== 'br' && encoding !== 'gzip') {
    ctx.body = asset.bytes
    return
  }
  const packed = asset.packed.get(encoding) ?? packers[encoding](asset.bytes)
  asset.packed.set(encoding, packed)
  ctx.set('Content-Encoding', encoding)
  ctx.body = await packed
}
