import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

const SOURCE = join(import.meta.dirname, '../src')

/** Who may import whom; `room/types` allows only that room's type-only imports. Top-level files may import everything. */
const ARROWS: Record<string, string[]> = {
  platform: [],
  config: ['platform'],
  accounts: ['platform', 'config/types'],
  store: ['platform', 'config/types'],
  webdav: ['platform', 'store', 'accounts/types'],
  ocm: ['platform', 'config/types'],
  shares: ['platform', 'store', 'accounts', 'ocm'],
  transfers: ['platform', 'store', 'accounts/types', 'config/types'],
  apps: ['platform', 'config/types', 'store', 'accounts', 'shares', 'transfers'],
  ocs: ['platform', 'accounts', 'config/types'],
  notify: ['platform', 'config/types', 'accounts/types'],
  http: ['platform', 'accounts'],
  client: [],
  cli: ['platform', 'config', 'client'],
  web: ['client'],
}

/** `causeway serve` and the admin commands run a node in their own process, through this one door. */
const DOOR = { file: 'cli/operator.ts', to: ['main.ts', 'admin.ts', 'deliver.ts'] }

interface Import {
  file: string
  target: string
  isType: boolean
}

interface SourceFile {
  path: string
  text: string
}

let files: SourceFile[] = []
let imports: Import[] = []

beforeAll(async () => {
  const names = await readdir(SOURCE, { recursive: true })
  const paths = names.filter((name) => /\.tsx?$/.test(name) && !name.endsWith('.d.ts'))
  files = await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(SOURCE, path), 'utf8') })),
  )
  imports = files.flatMap(importsOf)
})

function importsOf({ path, text }: SourceFile): Import[] {
  const statements = text.matchAll(
    /(?:import|export)\s+(type\s)?[^'"`;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/g,
  )
  return [...statements].map((match) => ({
    file: path,
    target: relative(SOURCE, join(SOURCE, dirname(path), match[2] ?? match[3] ?? '')),
    isType: match[1] !== undefined,
  }))
}

const roomOf = (path: string) => (path.includes('/') ? path.split('/')[0] : undefined)

function isAllowed({ file, target, isType }: Import): boolean {
  const room = roomOf(file)
  const other = roomOf(target)
  if (room === undefined || room === other) return true
  if (file === DOOR.file && DOOR.to.includes(target)) return true
  if (other === undefined) return false
  const arrows = ARROWS[room] ?? []
  return arrows.includes(other) || (isType && arrows.includes(`${other}/types`))
}

/** Lines of code (no comment lines) that match, as `file:line`. */
function linesMatching(pattern: RegExp, except: (path: string) => boolean): string[] {
  return files
    .filter(({ path }) => !except(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => {
        const isComment = /^\s*(\/\/|\*|\/\*)/.test(line)
        return !isComment && pattern.test(line) ? [`${path}:${index + 1}`] : []
      }),
    )
}

describe('the house', () => {
  it('has only rooms that the plan names', () => {
    const rooms = new Set(files.map(({ path }) => roomOf(path)).filter((room) => room !== undefined))
    expect([...rooms].sort()).toEqual(Object.keys(ARROWS).sort())
  })

  it('reads enough imports to judge by', () => {
    expect(imports.length).toBeGreaterThan(500)
  })

  it('has no arrow between rooms but those of the plan', () => {
    const wrong = imports.filter((one) => !isAllowed(one)).map(({ file, target }) => `${file} → ${target}`)
    expect(wrong).toEqual([])
  })

  it('reads the environment only in config', () => {
    expect(linesMatching(/process\.env\b/, (path) => roomOf(path) === 'config')).toEqual([])
  })

  it('asks the time only of the clock', () => {
    const pattern = /Date\.now\(|new Date\(\)|performance\.now\(/
    // A browser's page has one place for its clock.
    const isClock = (path: string) => roomOf(path) === 'platform' || path === 'web/format.ts'
    expect(linesMatching(pattern, isClock)).toEqual([])
  })

  it('prints only in the command', () => {
    expect(linesMatching(/\bconsole\./, (path) => roomOf(path) === 'cli')).toEqual([])
  })

  it('speaks SQL only in repositories', () => {
    const pattern = /\.(raw|where\w*|orderBy|onConflict|returning)\(|\bfrom 'knex'|\b(db|tx)(<\w+>)?\('/
    const isRepo = (path: string) =>
      /-repo\.ts$/.test(path) || path.startsWith('platform/') || path.startsWith('cli/')
    expect(linesMatching(pattern, isRepo)).toEqual([])
  })

  it('knows koa only in http and in thin adapters', () => {
    const isSkin = (path: string) =>
      /^http\/|(^|\/)routes\.ts$|-koa\.ts$/.test(path) || roomOf(path) === undefined
    expect(linesMatching(/from '(koa|@koa\/router)'/, isSkin)).toEqual([])
  })

  it('splits at an @ only where OCM addresses are read', () => {
    expect(linesMatching(/split\('@'\)/, (path) => path === 'ocm/address.ts')).toEqual([])
  })

  it('goes out to other servers only through the one client', () => {
    // The daemon is our own child, on a loopback port or socket that we chose.
    const isAllowedPlace = (path: string) =>
      path.startsWith('platform/outbound') ||
      path === 'transfers/executors/rclone-daemon.ts' ||
      // It runs in browsers, and speaks with the node that it was told.
      path.startsWith('client/') ||
      roomOf(path) === 'cli' ||
      roomOf(path) === 'web'
    expect(
      linesMatching(
        /(await|return|=|=>) fetch\(|globalThis\.fetch|from 'undici'|\brequest\b.* from 'node:https?'/,
        isAllowedPlace,
      ),
    ).toEqual([])
  })
})
