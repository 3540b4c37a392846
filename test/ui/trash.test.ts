import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn } from '../support/browser.ts'
import { openPageLab, type PageLab } from '../support/page-lab.ts'

let lab: PageLab | undefined
let leiden: PageLab['leiden']
let ann: PageLab['ann']
let browser: PageLab['browser']

beforeAll(async () => {
  lab = await openPageLab()
  ;({ leiden, ann, browser } = lab)
})

afterAll(() => lab?.close())

async function deleteFile(path: string, body = path): Promise<void> {
  await ann.dav('PUT', path, { body })
  await ann.dav('DELETE', path)
}

describe('deleted files', () => {
  it('come back, under another name where theirs is taken', async () => {
    await deleteFile('/a.txt', 'old')
    await ann.dav('PUT', '/a.txt', { body: 'new' })
    const { page, complaints } = await browser.visit(leiden, '/trash')
    await signIn(page, 'ann', 'ann-password')
    await page
      .getByRole('row', { name: /a\.txt/ })
      .getByRole('button', { name: 'Restore' })
      .first()
      .click()
    await page.getByText('Restored as “a (restored).txt”').waitFor()
    await page.getByText('Nothing is deleted').waitFor()
    expect(await (await ann.dav('GET', '/a%20(restored).txt')).text()).toBe('old')
    expect(await (await ann.dav('GET', '/a.txt')).text()).toBe('new')
    expect(complaints).toEqual([])
  })

  it('go for good only after a question, one, some, or all', async () => {
    for (const name of ['1', '2', '3', '4']) await deleteFile(`/${name}.txt`)
    const { page } = await browser.visit(leiden, '/trash')
    await signIn(page, 'ann', 'ann-password')
    const orders: string[] = []
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (request.method() !== 'GET' && pathname.includes('/trash')) orders.push(pathname)
    })
    await page.getByRole('button', { name: 'Delete 1.txt for good' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Delete 1.txt for good' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete for good' }).click()
    await page.getByRole('row', { name: /1\.txt/ }).waitFor({ state: 'detached' })
    await page.getByRole('checkbox', { name: 'Select 2.txt' }).click()
    await page.getByRole('checkbox', { name: 'Select 3.txt' }).click()
    await page.getByRole('button', { name: 'Restore 2', exact: true }).click()
    await page.getByText('2 items are back where they were').waitFor()
    expect((await ann.dav('GET', '/2.txt')).status).toBe(200)
    expect(orders).toEqual(['/api/v1/trash/batch', '/api/v1/trash/batch'])
    await page.getByRole('button', { name: 'Empty the trash' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Empty the trash' }).click()
    await page.getByText('Nothing is deleted').waitFor()
    expect((await ann.api<{ items: unknown[] }>('GET', '/trash')).items).toEqual([])
  })

  it('are shown when another program deletes something', async () => {
    await ann.api('DELETE', '/trash')
    const { page } = await browser.visit(leiden, '/trash')
    await signIn(page, 'ann', 'ann-password')
    await page.getByText('Nothing is deleted').waitFor()
    await deleteFile('/elsewhere.txt')
    await page.getByRole('row', { name: /elsewhere\.txt/ }).waitFor()
  })

  it('come back though others of them are gone already, which is said', async () => {
    await ann.api('DELETE', '/trash')
    for (const name of ['here', 'gone', 'lost']) await deleteFile(`/${name}.txt`)
    const { page } = await browser.visit(leiden, '/trash')
    await page.route('**/api/v1/events', (route) => route.abort())
    await signIn(page, 'ann', 'ann-password')
    for (const name of ['here', 'gone', 'lost'])
      await page.getByRole('checkbox', { name: `Select ${name}.txt` }).click()
    // The page learns of it only when it asks.
    await page.route('**/api/v1/trash?**', (route) => route.abort())
    const { items } = await ann.api<{ items: { name: string; path: string }[] }>('GET', '/trash')
    for (const { name, path } of items)
      if (path !== '/here.txt') await ann.api('DELETE', `/trash/${encodeURIComponent(name)}`)
    await page.getByRole('button', { name: 'Restore 3', exact: true }).click()
    await page.unroute('**/api/v1/trash?**')
    await page.getByText('“here.txt” is back where it was').waitFor()
    await page.getByText('1 more did not work').waitFor()
    await page.getByText('Nothing is deleted').waitFor()
    expect((await ann.dav('GET', '/here.txt')).status).toBe(200)
  })

  it('are ordered in portions: one that fails keeps neither the others nor its failure to itself', async () => {
    await ann.api('DELETE', '/trash')
    const names = Array.from({ length: 30 }, (_, n) => `p${String(n).padStart(2, '0')}.txt`)
    for (const name of names) await deleteFile(`/${name}`)
    const { page } = await browser.visit(leiden, '/trash', { height: 2_400 })
    await signIn(page, 'ann', 'ann-password')
    for (const name of names) await page.getByRole('checkbox', { name: `Select ${name}` }).click()
    const sizes: number[] = []
    await page.route('**/api/v1/trash/batch', async (route, request) => {
      sizes.push(request.postDataJSON().names.length)
      if (sizes.length === 1) return await route.fulfill({ status: 504, body: 'too late' })
      const { items } = await ann.api<{ items: unknown[] }>('POST', '/trash/batch', request.postDataJSON())
      // What the node says nothing of is not known to be back.
      await route.fulfill({ json: { items: items.slice(1) } })
    })
    await page.getByRole('button', { name: 'Restore 30', exact: true }).click()
    await page.getByText('4 items are back where they were').waitFor()
    await page.getByText('25 more did not work').waitFor()
    expect(sizes).toEqual([25, 5])
    await page.getByRole('button', { name: 'Restore 25', exact: true }).waitFor()
    expect((await ann.api<{ items: unknown[] }>('GET', '/trash')).items).toHaveLength(25)
  })

  it('stay in sight, and chosen, beyond the first page when the list is asked for anew', async () => {
    await ann.api('DELETE', '/trash')
    for (let n = 0; n < 30; n++) await deleteFile(`/f${String(n).padStart(2, '0')}.txt`)
    const { page, complaints } = await browser.visit(leiden, '/login')
    // No event has the page look anew before it is asked to.
    await page.route('**/api/v1/events', (route) => route.abort())
    let isAway = true
    // Pages of ten, of which the second is not to be had at first.
    await page.route('**/api/v1/trash?**', async (route, request) => {
      const url = new URL(request.url())
      url.searchParams.set('limit', '10')
      if (isAway && url.searchParams.has('cursor')) await route.abort()
      else await route.continue({ url: url.href })
    })
    await signIn(page, 'ann', 'ann-password')
    await page.getByRole('link', { name: 'Deleted files' }).click()
    const table = page.getByRole('table')
    const note = page.getByRole('alert')
    await note.waitFor()
    expect(await table.getAttribute('aria-rowcount')).toBe('11')
    isAway = false
    await note.getByRole('button').click()
    await page.locator('[aria-rowcount="31"]').waitFor()
    expect(await note.count()).toBe(0)
    // The newest come first.
    await page.getByRole('checkbox', { name: 'Select f05.txt' }).click()
    // One is gone already: that failure has the page ask for the list anew.
    const { items } = await ann.api<{ items: { name: string; path: string }[] }>('GET', '/trash')
    const gone = items.find(({ path }) => path === '/f20.txt')
    await ann.api('DELETE', `/trash/${encodeURIComponent(gone?.name ?? '')}`)
    await page
      .getByRole('row', { name: /f20\.txt/ })
      .getByRole('button', { name: 'Restore' })
      .click()
    await page.locator('[aria-rowcount="30"]').waitFor()
    await page.getByRole('button', { name: 'Restore 1', exact: true }).waitFor()
    expect(complaints).toEqual([])
  })

  it('are all removed however long that takes', async () => {
    await deleteFile('/last.txt')
    const { page } = await browser.visit(leiden, '/trash')
    await signIn(page, 'ann', 'ann-password')
    await page.getByRole('row', { name: /last\.txt/ }).waitFor()
    // Whatever has a limit of time has reached it.
    await page.evaluate(() => {
      AbortSignal.timeout = () => AbortSignal.abort(new DOMException('too long', 'TimeoutError'))
    })
    await page.getByRole('button', { name: 'Empty the trash' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Empty the trash' }).click()
    await page.getByText('The trash is empty').waitFor()
    expect((await ann.api<{ items: unknown[] }>('GET', '/trash')).items).toEqual([])
  })
})
