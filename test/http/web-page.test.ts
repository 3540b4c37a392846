import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Listener, listen } from '../../src/http/listener.ts'
import { PAGE_SCREENS, webPage } from '../../src/http/web-page.ts'

const SCRIPT = `export const text = '${'causeway '.repeat(1_000)}'\n`
const DOCUMENT = '<!doctype html><base href="/" /><script type="module" src="./assets/a-1.js"></script>'

let folder: string
const open: Listener[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-page-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), DOCUMENT)
  await writeFile(join(folder, 'assets/a-1.js'), SCRIPT)
})

afterAll(async () => {
  await Promise.all(open.map((one) => one.close(0)))
  await rm(folder, { recursive: true, force: true })
})

async function serve(basePath: string, from = folder): Promise<string> {
  const app = new Koa()
  app.use(webPage({ folder: from, basePath }))
  const handler = app.callback()
  const listener = await listen(handler, { host: '127.0.0.1', port: 0, onExpectContinue: handler })
  open.push(listener)
  return `http://127.0.0.1:${listener.port}`
}

describe('the web page', () => {
  it('is one document for the address of every screen, asked for anew each time', async () => {
    const origin = await serve('')
    for (const path of ['/', '/files/a%20b/c', '/transfers/17', '/login?returnTo=/files']) {
      const answer = await fetch(origin + path)
      expect(answer.status, path).toBe(200)
      expect(await answer.text()).toBe(DOCUMENT)
      expect(answer.headers.get('cache-control')).toBe('no-cache')
    }
  })

  it('runs nothing but its own files, and nobody may frame it', async () => {
    const policy = (await fetch(await serve(''))).headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
  })

  it('knows where it lies when the node has a base path, which a proxy may take away', async () => {
    const origin = await serve('/drive')
    for (const path of ['/drive', '/drive/', '/drive/files', '/files']) {
      expect(await (await fetch(origin + path)).text(), path).toContain('<base href="/drive/" />')
    }
    expect((await fetch(`${origin}/drive/assets/a-1.js`)).status).toBe(200)
    expect((await fetch(`${origin}/drivefiles`)).status).toBe(404)
  })

  it('is loaded once: what carries a hash in its name stays with the browser', async () => {
    const answer = await fetch(`${await serve('')}/assets/a-1.js`)
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(answer.headers.get('content-type')).toMatch(/javascript/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each(['br', 'gzip'])('travels compressed to a browser that takes %s', async (encoding) => {
    const answer = await fetch(`${await serve('')}/assets/a-1.js`, {
      headers: { 'Accept-Encoding': encoding },
    })
    expect(answer.headers.get('content-encoding')).toBe(encoding)
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(SCRIPT.length / 10)
    expect(await answer.text()).toBe(SCRIPT)
  })

  it('has no address outside of what was built', async () => {
    const origin = await serve('')
    for (const path of [
      '/assets/../../package.json',
      '/assets/%2e%2e/index.html',
      '/index.html',
      '/etc/passwd',
    ]) {
      expect((await fetch(origin + path)).status, path).toBe(404)
    }
    expect((await fetch(`${origin}/files`, { method: 'POST' })).status).toBe(404)
  })

  it('tells a person with a browser that there is no such page, and a program just the status', async () => {
    const origin = await serve('')
    const lost = await fetch(`${origin}/nowhere`, { headers: { 'Sec-Fetch-Dest': 'document' } })
    expect(lost.status).toBe(404)
    expect(await lost.text()).toBe(DOCUMENT)
    expect(await (await fetch(`${origin}/nowhere`)).text()).not.toBe(DOCUMENT)
    const api = await fetch(`${origin}/api/v1/nowhere`, { headers: { 'Sec-Fetch-Dest': 'document' } })
    expect(await api.text()).not.toBe(DOCUMENT)
  })

  it('says how to build it where it is not built', async () => {
    const answer = await fetch(await serve('', join(folder, 'missing')))
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('make web')
  })

  it('has the same screens as its own router', async () => {
    const router = await readFile(join(import.meta.dirname, '../../src/web/router.ts'), 'utf8')
    const list = /SCREENS = \[([^\]]*)\]/.exec(router)?.[1] ?? ''
    expect([...list.matchAll(/'([^']*)'/g)].map((match) => match[1])).toEqual(PAGE_SCREENS)
  })
})
