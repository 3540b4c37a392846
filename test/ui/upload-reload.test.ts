import { randomBytes } from 'node:crypto'
import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn } from '../support/browser.ts'
import { openPageLab, type PageLab } from '../support/page-lab.ts'

const MiB = 1024 * 1024
/** What the page sends with one request. */
const PIECE = 16 * MiB
const bytes = randomBytes(20 * MiB)

let lab: PageLab | undefined
let leiden: PageLab['leiden']
let ann: PageLab['ann']
let browser: PageLab['browser']
let folder: string

beforeAll(async () => {
  lab = await openPageLab()
  ;({ leiden, ann, browser, folder } = lab)
  await put(bytes)
})

afterAll(() => lab?.close())

/** The file that is chosen, always with the same time: a whole second, which no file system rounds. */
async function put(content: Buffer): Promise<void> {
  const path = join(folder, 'large.bin')
  await writeFile(path, content)
  await utimes(path, 1_700_000_000, 1_700_000_000)
}

async function choose(page: Page): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: 'Upload', exact: true }).click()
  await (await chooser).setFiles([join(folder, 'large.bin')])
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByLabel('User name').waitFor()
}

/** Ann, whose upload has brought its first piece when the page is loaded anew. */
async function cutOff(where: string) {
  await ann.dav('MKCOL', `/${where}`)
  const { page, complaints } = await browser.visit(leiden, `/files/${where}`)
  await signIn(page, 'ann', 'ann-password')
  await page.getByText('This folder is empty').waitFor()
  const isSecond = (request: Request) =>
    request.method() === 'PATCH' && request.headers()['upload-offset'] === `${PIECE}`
  // The second piece is held for ever.
  const held = new Promise<void>((resolve) => {
    void page.route('**/dav/tus/**', (route, request) =>
      isSecond(request) ? resolve() : void route.continue(),
    )
  })
  await choose(page)
  await held
  await page.reload()
  await page.unroute('**/dav/tus/**')
  await page.getByText('This folder is empty').waitFor()
  const sent: string[] = []
  page.on('request', (request) => {
    if (!request.url().includes('/dav/tus/')) return
    sent.push(`${request.method()} ${request.headers()['upload-offset'] ?? ''}`.trim())
  })
  return { page, complaints, sent }
}

describe('a large upload that the page was closed over', () => {
  it('goes on with the rest when the same file is chosen again', async () => {
    const { page, complaints, sent } = await cutOff('again')
    await choose(page)
    await page.getByText('1 file uploaded').waitFor()
    expect(sent).toEqual(['HEAD', `PATCH ${PIECE}`])
    const answer = await ann.dav('GET', '/again/large.bin')
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
    expect(await page.evaluate(() => localStorage.getItem('causeway.uploads'))).toBe('{}')
    expect(complaints).toEqual([])
  })

  it('begins anew where the node has forgotten it', async () => {
    const { page, sent } = await cutOff('forgotten')
    const kept = await page.evaluate(() => localStorage.getItem('causeway.uploads'))
    expect(kept).not.toContain('large.bin')
    const [{ address } = { address: '' }] = Object.values(
      JSON.parse(kept ?? '{}') as Record<string, { address: string }>,
    )
    const headers = { 'tus-resumable': '1.0.0' }
    const given = await fetch(`${leiden.origin}${address}`, {
      method: 'DELETE',
      headers: { ...headers, authorization: `Basic ${btoa('ann:ann-password')}` },
    })
    expect(given.status).toBe(204)
    await choose(page)
    await page.getByText('1 file uploaded').waitFor()
    expect(sent).toEqual(['HEAD', 'POST', 'PATCH 0', `PATCH ${PIECE}`])
  })

  it('begins anew when the file has other bytes, though the same size and time', async () => {
    const { page, sent } = await cutOff('changed')
    const changed = Buffer.from(bytes)
    changed.write('other', MiB)
    await put(changed)
    await choose(page)
    await page.getByText('1 file uploaded').waitFor()
    await put(bytes)
    expect(sent).toEqual(['HEAD', 'DELETE', 'POST', 'PATCH 0', `PATCH ${PIECE}`])
    const answer = await ann.dav('GET', '/changed/large.bin')
    expect(Buffer.from(await answer.arrayBuffer()).equals(changed)).toBe(true)
  })

  it('is left alone by a second tab while the first goes on with it', async () => {
    const { page, sent } = await cutOff('twice')
    await page.route('**/dav/tus/**', (route, request) =>
      request.method() === 'PATCH' ? undefined : void route.continue(),
    )
    const goesOn = page.waitForRequest((request) => request.method() === 'PATCH')
    await choose(page)
    await goesOn
    const second = await page.context().newPage()
    await second.goto('/files/twice')
    await second.getByText('This folder is empty').waitFor()
    const sentBySecond: string[] = []
    second.on('request', (request) => {
      if (request.url().includes('/dav/tus/')) sentBySecond.push(request.method())
    })
    await choose(second)
    await second.getByText('1 file uploaded').waitFor()
    expect(sentBySecond).toEqual(['POST', 'PATCH', 'PATCH'])
    expect(sent).toEqual(['HEAD', `PATCH ${PIECE}`])
  })

  it('is forgotten by the browser of who signs out', async () => {
    const { page } = await cutOff('left')
    expect(await page.evaluate(() => localStorage.getItem('causeway.uploads'))).toContain('/tus/ann/')
    await signOut(page)
    expect(await page.evaluate(() => localStorage.getItem('causeway.uploads'))).toBe('{}')
  })
})
