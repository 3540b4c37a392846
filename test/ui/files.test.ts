import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn, type Visitor } from '../support/browser.ts'
import { openPageLab, type PageLab } from '../support/page-lab.ts'

let lab: PageLab | undefined
let leiden: PageLab['leiden']
let ann: PageLab['ann']
let browser: PageLab['browser']
let folder: string

beforeAll(async () => {
  lab = await openPageLab()
  ;({ leiden, ann, browser, folder } = lab)
})

afterAll(() => lab?.close())

/** Ann, in a folder of her drive that holds these files. */
async function annIn(name: string, files: Record<string, string> = {}): Promise<Visitor> {
  await ann.dav('MKCOL', `/${encodeURIComponent(name)}`)
  for (const [file, body] of Object.entries(files)) {
    await ann.dav('PUT', `/${encodeURIComponent(name)}/${encodeURIComponent(file)}`, { body })
  }
  const visitor = await browser.visit(leiden, `/files/${encodeURIComponent(name)}`)
  await signIn(visitor.page, 'ann', 'ann-password')
  return visitor
}

const rowOf = (page: Page, name: string): Locator =>
  page
    .getByRole('row')
    .filter({ has: page.getByRole('button', { name: `Actions for ${name}`, exact: true }) })
const namesOf = async (page: Page): Promise<string[]> =>
  (await page.locator('[role=row] .name-cell a').allInnerTexts()).map((text) => text.trim())
const upload = (page: Page) => page.getByRole('button', { name: 'Upload', exact: true })
const uploads = (page: Page) => page.getByRole('region', { name: 'Uploads' })
const textOf = async (path: string) => (await ann.dav('GET', path)).text()

describe('the files of the drive', () => {
  it('are browsed with the keyboard alone', async () => {
    const { page, complaints } = await annIn('keys', {
      'run 10.txt': 'x',
      'run 2.txt': 'hello',
      'b.txt': 'x',
    })
    await ann.dav('MKCOL', '/keys/inner')
    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Refresh' }).click()
    await rowOf(page, 'inner').waitFor()
    expect(await namesOf(page)).toEqual(['inner', 'b.txt', 'run 2.txt', 'run 10.txt'])
    const grid = page.getByRole('grid')
    await grid.focus()
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').getByText('hello').waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('dialog', { name: 'Preview of run 10.txt' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await grid.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByText('This folder is empty').waitFor()
    expect(new URL(page.url()).pathname).toBe('/files/keys/inner')
    await page.goBack()
    await rowOf(page, 'b.txt').waitFor()
    await grid.focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+ArrowDown')
    await page.getByText('2 selected').waitFor()
    await page.keyboard.press('Control+a')
    await page.getByText('4 selected').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('/')
    await page.keyboard.type('run')
    await rowOf(page, 'b.txt').waitFor({ state: 'detached' })
    expect(await namesOf(page)).toEqual(['run 2.txt', 'run 10.txt'])
    expect(complaints).toEqual([])
  })

  it('are shown as other programs change them', async () => {
    const { page } = await annIn('live', { 'a.txt': 'a' })
    await rowOf(page, 'a.txt').waitFor()
    await ann.dav('PUT', '/live/b.txt', { body: 'b' })
    await rowOf(page, 'b.txt').waitFor()
    await ann.dav('DELETE', '/live/a.txt')
    await rowOf(page, 'a.txt').waitFor({ state: 'detached' })
    expect(await namesOf(page)).toEqual(['b.txt'])
  })

  it('are sorted by their columns', async () => {
    const { page } = await annIn('sorted', { a: '1', b: '123', c: '12' })
    await rowOf(page, 'a').waitFor()
    await page.getByRole('button', { name: 'Size' }).click()
    await page
      .getByRole('columnheader', { name: 'Size' })
      .and(page.locator('[aria-sort=descending]'))
      .waitFor()
    await expect.poll(() => namesOf(page)).toEqual(['b', 'c', 'a'])
    await page.getByRole('button', { name: 'Size' }).click()
    await expect.poll(() => namesOf(page)).toEqual(['a', 'c', 'b'])
  })

  it('are renamed in place, and back again', async () => {
    const { page } = await annIn('named', { 'report.pdf': 'x', 'taken.pdf': 'y' })
    await rowOf(page, 'report.pdf').locator('.cell-size').click()
    await page.keyboard.press('F2')
    const input = page.getByLabel('New name of report.pdf')
    // Only what stands before the extension is selected.
    await page.keyboard.type('taken')
    await page.keyboard.press('Enter')
    await page.getByText('There is something with this name already.').waitFor()
    await input.fill('')
    await page.keyboard.press('Enter')
    await page.getByText('A name has at least one character.').waitFor()
    await input.fill('<b>new</b>.pdf'.replace('/', ''))
    await page.keyboard.press('Enter')
    await rowOf(page, '<b>new<b>.pdf').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await rowOf(page, 'report.pdf').waitFor()
    expect(await textOf('/named/report.pdf')).toBe('x')
  })

  it('are moved into a folder, and back again', async () => {
    const { page } = await annIn('moved', { 'a.txt': 'a', 'b.txt': 'b' })
    await page.getByRole('button', { name: 'New folder' }).click()
    await page.getByLabel('Name').fill('target')
    await page.getByRole('button', { name: 'Create folder' }).click()
    await rowOf(page, 'target').waitFor()
    await page.getByRole('checkbox', { name: 'Select a.txt' }).click()
    await page.getByRole('checkbox', { name: 'Select b.txt' }).click()
    await page.getByRole('region', { name: 'Selection' }).getByRole('button', { name: 'Move to…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'target' }).click()
    await page.getByRole('button', { name: 'Move to target' }).click()
    await page.getByText('2 items moved to target').waitFor()
    await rowOf(page, 'a.txt').waitFor({ state: 'detached' })
    expect(await textOf('/moved/target/b.txt')).toBe('b')
    await page.getByRole('button', { name: 'Undo' }).click()
    await rowOf(page, 'a.txt').waitFor()
    // By the mouse, too.
    await rowOf(page, 'a.txt').dragTo(rowOf(page, 'target'))
    await page.getByText('“a.txt” moved to target').waitFor()
    await rowOf(page, 'a.txt').waitFor({ state: 'detached' })
  })

  it('are deleted with one key, and brought back with one click', async () => {
    const { page } = await annIn('gone', { 'keep.txt': 'k', 'lost.txt': 'l' })
    await rowOf(page, 'lost.txt').locator('.cell-size').click()
    await page.keyboard.press('Delete')
    await rowOf(page, 'lost.txt').waitFor({ state: 'detached' })
    await page.getByText('“lost.txt” deleted').waitFor()
    expect((await ann.dav('GET', '/gone/lost.txt')).status).toBe(404)
    await page.getByRole('button', { name: 'Undo' }).click()
    await rowOf(page, 'lost.txt').waitFor()
    expect(await textOf('/gone/lost.txt')).toBe('l')
  })

  it('can be what they were before, however often they were overwritten', async () => {
    const { page } = await annIn('versions')
    for (let i = 0; i <= 105; i++) await ann.dav('PUT', '/versions/a.txt', { body: `content ${i}` })
    await rowOf(page, 'a.txt').getByRole('button', { name: 'Actions for a.txt' }).click()
    await page.getByRole('menuitem', { name: 'Versions' }).click()
    const versions = page.getByRole('tabpanel').getByRole('listitem')
    // The list begins anew when the page hears of the last write after it was opened.
    const scrolled = async () => {
      await versions.last().scrollIntoViewIfNeeded()
      return await versions.count()
    }
    await expect.poll(scrolled, { timeout: 30_000 }).toBe(105)
    await versions.nth(104).getByRole('button', { name: 'Restore' }).click()
    await page.getByText('The version is restored').waitFor()
    expect(await textOf('/versions/a.txt')).toBe('content 0')
  })

  it('of any name are shown, opened and deleted', async () => {
    const names = [
      '<script>x<script>',
      'invoice\u202Efdp.exe',
      '   ',
      'é'.repeat(127),
      '🦊',
      '...',
      '100%#?&.txt',
    ]
    const { page, complaints } = await annIn('hostile', Object.fromEntries(names.map((name) => [name, name])))
    await rowOf(page, '🦊').waitFor()
    expect((await namesOf(page)).toSorted()).toEqual(
      [
        '<script>x<script>',
        'invoice⟨202E⟩fdp.exe',
        '⟨space space space⟩',
        'é'.repeat(127),
        '🦊',
        '...',
        '100%#?&.txt',
      ].toSorted(),
    )
    await page.getByRole('link', { name: '100%#?&.txt' }).click()
    await page.getByRole('dialog').locator('pre', { hasText: '100%#?&.txt' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('grid').focus()
    await page.keyboard.press('Control+a')
    await page.getByText('7 selected').waitFor()
    await page.keyboard.press('Delete')
    await page.getByText('This folder is empty').waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
    expect(complaints).toEqual([])
  })

  it('of 5,000 in one folder are scrolled to the end with few rows in the document', async () => {
    await ann.dav('MKCOL', '/many')
    const parts = 5
    for (let part = 0; part < parts; part++) await putMany(part * 1_000, 1_000)
    const { page } = await annIn('many')
    await rowOf(page, 'f00000').waitFor()
    expect(await page.getByRole('grid').getAttribute('aria-rowcount')).toBe('5001')
    await page.getByRole('grid').focus()
    await page.keyboard.press('End')
    await rowOf(page, 'f04999').waitFor()
    expect(await page.getByRole('row').count()).toBeLessThan(200)
    await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2))
    await rowOf(page, 'f02500').waitFor()
    expect(await page.getByRole('row').count()).toBeLessThan(200)
  })
})

/** Small files, many in one request. */
async function putMany(first: number, count: number): Promise<void> {
  const parts = Array.from({ length: count }, (_, index) => {
    const name = `f${String(first + index).padStart(5, '0')}`
    return `--b\r\nX-File-Path: /many/${name}\r\nContent-Length: 1\r\nX-File-MD5: 9dd4e461268c8034f5c8564e155c67a6\r\n\r\nx\r\n`
  })
  const answer = await fetch(`${ann.origin}/dav/bulk`, {
    method: 'POST',
    headers: { authorization: ann.authorization, 'content-type': 'multipart/related; boundary=b' },
    body: `${parts.join('')}--b--\r\n`,
  })
  if (!answer.ok) throw new Error(`bulk: ${answer.status}`)
}

describe('what is shown of a file', () => {
  it('runs nothing of it, and shows HTML as text', async () => {
    const script = '<script>document.title = "pwned"; window.parent.pwned = 1</script>'
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"><rect width="50" height="50"/>${script}</svg>`
    const { page, context } = await annIn('shown', { 'evil.html': script, 'evil.svg': svg })
    await page.getByRole('link', { name: 'evil.html' }).click()
    await page.getByRole('dialog').locator('pre', { hasText: '<script>' }).waitFor()
    await page.keyboard.press('ArrowRight')
    const picture = page.getByRole('dialog').getByRole('img', { name: 'evil.svg' })
    await picture.waitFor()
    await expect.poll(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(50)
    expect(await page.title()).not.toContain('pwned')
    expect(await page.evaluate('window.pwned')).toBeUndefined()
    // Opened by itself it is a download, not a page of ours.
    const tab = await context.newPage()
    const download = tab.waitForEvent('download')
    await tab.goto('/dav/files/ann/shown/evil.svg').catch(() => undefined)
    await download
  })
})

describe('uploads', () => {
  it('arrive with their time, and ask what to do where a name is taken', async () => {
    const { page } = await annIn('in', { 'a.txt': 'old' })
    await rowOf(page, 'a.txt').waitFor()
    await writeFile(join(folder, 'a.txt'), 'new')
    await writeFile(join(folder, 'b.txt'), 'b')
    await choose(page, [join(folder, 'a.txt'), join(folder, 'b.txt')])
    await page.getByRole('button', { name: 'Keep both' }).click()
    await page.getByText('2 files uploaded').waitFor()
    await rowOf(page, 'a (2).txt').waitFor()
    expect(await textOf('/in/a.txt')).toBe('old')
    expect(await textOf('/in/a (2).txt')).toBe('new')
    await choose(page, [join(folder, 'a.txt')])
    await page.getByRole('button', { name: 'Replace' }).click()
    await page.getByText('3 files uploaded').waitFor()
    expect(await textOf('/in/a.txt')).toBe('new')
  })

  it('bring a folder with all in it', async () => {
    await mkdir(join(folder, 'tree/sub'), { recursive: true })
    await writeFile(join(folder, 'tree/1.txt'), '1')
    await writeFile(join(folder, 'tree/sub/2.txt'), '2')
    const { page } = await annIn('folders')
    await page.getByText('This folder is empty').waitFor()
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByRole('menuitem', { name: 'Upload a folder' }).click()
    await (await chooser).setFiles(join(folder, 'tree'))
    await page.getByText('2 files uploaded').waitFor()
    await rowOf(page, 'tree').waitFor()
    expect(await textOf('/folders/tree/sub/2.txt')).toBe('2')
  })

  it('go on where they were after the connection was lost, and while one looks at other screens', async () => {
    const bytes = Buffer.alloc(40 * 1024 * 1024, 'abcdefgh')
    await writeFile(join(folder, 'large.bin'), bytes)
    const { page, context } = await annIn('resumed')
    await page.getByText('This folder is empty').waitFor()
    const begun: string[] = []
    let cut = 0
    await context.route('**/dav/tus/**', async (route) => {
      const { method, isLast } = { method: route.request().method(), isLast: cut >= 2 }
      begun.push(method)
      // The second piece, and the next question, never get through.
      if (method !== 'POST' && begun.filter((one) => one === 'PATCH').length >= 2 && !isLast) {
        cut += 1
        return route.abort('connectionreset')
      }
      return route.continue()
    })
    await choose(page, [join(folder, 'large.bin')])
    await uploads(page)
      .getByText(/Trying again/)
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.getByText('1 file uploaded').waitFor({ timeout: 30_000 })
    expect(begun.filter((method) => method === 'POST')).toHaveLength(1)
    const answer = await ann.dav('GET', '/resumed/large.bin')
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('wait for a sign-in when the session ends, and go on after it', async () => {
    await writeFile(join(folder, 'late.txt'), 'late')
    const { page, context } = await annIn('session')
    await page.getByText('This folder is empty').waitFor()
    await context.clearCookies()
    await choose(page, [join(folder, 'late.txt')])
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.waitFor()
    await dialog.getByLabel('User name').fill('ann')
    await dialog.getByLabel('Password', { exact: true }).fill('ann-password')
    await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('1 file uploaded').waitFor()
    expect(await textOf('/session/late.txt')).toBe('late')
    await rowOf(page, 'late.txt').waitFor()
  })
})

async function choose(page: Page, files: string[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser')
  await upload(page).click()
  await (await chooser).setFiles(files)
}
