import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

const SCRIPT = "fetch('/ran');document.title='ran';parent.postMessage('ran','*')"
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"><script>${SCRIPT}</script></svg>`
const XHTML = `<html xmlns="http://www.w3.org/1999/xhtml"><body><script>${SCRIPT}</script></body></html>`
const HTML = `<!DOCTYPE html><body onload="${SCRIPT}"><script>${SCRIPT}</script>`

/** Names that browsers take for documents, or might. */
const FILES: Record<string, string> = {
  'page.html': HTML,
  'page.xhtml': XHTML,
  'picture.svg': SVG,
  'feed.xml': XHTML,
  'text.txt': HTML,
  noextension: HTML,
  'data.json': HTML,
  'sheet.css': HTML,
  'mail.eml': HTML,
  'fake.png': HTML,
  'fake.pdf': HTML,
  'table.csv': HTML,
}

/** Of the picture in a page; what runs there is text here. */
const WIDTH = "document.querySelector('#svg').naturalWidth"

/** One red page of 100 by 100 points. */
function redPdf(): string {
  const content = '1 0 0 rg 0 0 100 100 re f'
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 100 100]/Contents 4 0 R>>',
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
  ]
  const starts: number[] = []
  let text = '%PDF-1.4\n'
  for (const [index, object] of objects.entries()) {
    starts.push(text.length)
    text += `${index + 1} 0 obj${object}endobj\n`
  }
  const table = starts.map((start) => `${String(start).padStart(10, '0')} 00000 n \n`).join('')
  return `${text}xref\n0 5\n0000000000 65535 f \n${table}trailer<</Size 5/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF`
}

describe('files that could run in the page of the node', () => {
  let mesh: TestMesh & { nodes: TestNode[] }
  let ann: TestUser
  let browser: Browser
  let page: Page
  let asked: string[]

  beforeAll(async () => {
    mesh = await TestMesh.create(['leiden'])
    ann = await (mesh.nodes[0] as TestNode).addUser('ann')
    for (const [name, text] of Object.entries(FILES)) await ann.put(`/${name}`, text)
    await ann.put('/real.pdf', redPdf())
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      // The viewer of PDF is not part of the lesser browser without a window.
      ignoreDefaultArgs: ['--headless'],
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--headless=new'],
    })
    const context = await browser.newContext({
      httpCredentials: { username: 'ann', password: 'ann-password', send: 'always' },
    })
    page = await context.newPage()
    asked = []
    page.on('request', (request) => void asked.push(new URL(request.url()).pathname))
  })

  afterAll(async () => {
    await browser?.close()
    await mesh.close()
  })

  const url = (name: string) => `${ann.origin}/dav/files/ann/${name}`

  it('never run when somebody opens their address', async () => {
    for (const name of Object.keys(FILES)) {
      await page
        .goto(url(name))
        .catch((error: Error) => expect(error.message).toMatch(/download|ERR_ABORTED/i))
      expect(await page.title()).not.toBe('ran')
    }
    expect(asked).toContain('/dav/files/ann/page.html')
    expect(asked).not.toContain('/ran')
  })

  it('never run in a frame of the page, nor in a folder archive or a listing, and pictures are shown', async () => {
    await page.goto(url(''))
    const width = await page.evaluate(
      `(async () => {
        const picture = new Image()
        picture.src = ${JSON.stringify(url('picture.svg'))}
        await picture.decode().catch(() => undefined)
        return picture.naturalWidth
      })()`,
    )
    // A listing is as closed as any file: its own sandbox lets it load nothing.
    expect(width).toBe(0)
    expect(asked).not.toContain('/ran')
  })

  it('show in a page of the same site: SVG as a picture, PDF in its viewer, and still nothing runs', async () => {
    const frame = (name: string) => `<iframe src="${url(name)}"></iframe>`
    const names = [...Object.keys(FILES), 'real.pdf']
    const body = `<img id="svg" src="${url('picture.svg')}">${names.map(frame).join('')}`
    await page.route(`${ann.origin}/host`, (route) => route.fulfill({ contentType: 'text/html', body }))
    await page.goto(`${ann.origin}/host`, { waitUntil: 'domcontentloaded' })
    await page.waitForFunction(`${WIDTH} === 7`)
    const hasViewer = () => page.frames().some((one) => one.url().startsWith('chrome-extension://'))
    await expect.poll(hasViewer, { timeout: 15_000 }).toBe(true)
    expect(asked.filter((path) => path === '/dav/files/ann/page.html').length).toBeGreaterThan(1)
    expect(asked).not.toContain('/ran')
  })

  it('are kept from other sites', async () => {
    const other = ann.origin.replace('127.0.0.1', 'localhost')
    const body = `<img id="svg" src="${url('picture.svg')}">`
    await page.route(`${other}/host`, (route) => route.fulfill({ contentType: 'text/html', body }))
    await page.goto(`${other}/host`)
    const width = await page.evaluate(WIDTH)
    expect(width).toBe(0)
  })

  it('have the same protection as versions, in the trash, in archives and by links', async () => {
    await ann.put('/page.html', 'second')
    await ann.put('/gone.html', HTML)
    await ann.dav('DELETE', '/gone.html')
    const info = await ann.api<{ id: string }>('GET', '/files/info?path=/page.html')
    const { items: versions } = await ann.api<{ items: { version: string }[] }>(
      'GET',
      '/versions?path=/page.html',
    )
    const { items: trash } = await ann.api<{ items: { name: string }[] }>('GET', '/trash')
    const link = { path: '/page.html', recipient: { type: 'link' }, role: 'viewer' }
    const { link: made } = await ann.api<{ link: { url: string } }>('POST', '/shares', link)
    const token = new URL(made.url).pathname.split('/').at(-1) ?? ''
    const places = [
      `/dav/versions/ann/versions/${info.id}/${versions[0]?.version}`,
      `/dav/trashbin/ann/trash/${encodeURIComponent(trash[0]?.name ?? '')}`,
      '/dav/files/ann/?accept=zip',
      `/s/${token}/download`,
      `/public.php/dav/files/${token}/page.html`,
    ]
    for (const place of places) {
      const answer = await fetch(ann.origin + place, { headers: { authorization: ann.authorization } })
      expect([place, answer.status]).toEqual([place, 200])
      expect(answer.headers.get('content-security-policy')).toContain('sandbox')
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      expect(answer.headers.get('cross-origin-resource-policy')).toBe('same-origin')
      const isVersion = place.includes('/versions/')
      if (!isVersion) expect(answer.headers.get('content-disposition')).toMatch(/^attachment/)
      await answer.body?.cancel()
    }
  })
})
