import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn, TestBrowser } from '../support/browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import type { TestUser } from '../support/test-user.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let ann: TestUser
let browser: TestBrowser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'])
  leiden = mesh.nodes[0] as TestNode
  ann = await leiden.addUser('ann')
  browser = await TestBrowser.open(mesh.nodes)
})

afterAll(async () => {
  await browser?.close()
  await mesh?.close()
})

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
  it('come back though others of them are gone already, which is said', async () => {
    await ann.api('DELETE', '/trash')
    for (const name of ['here', 'gone', 'lost']) await deleteFile(`/${name}.txt`)
    const { page } = await browser.visit(leiden, '/trash')
    await signIn(page, 'ann', 'ann-password')
    for (const name of ['here', 'gone', 'lost'])
      await page.getByRole('checkbox', { name: `Select ${name}.txt` }).click()
    // The page learns of it only when it asks.
    await page.route('**/api/v1/trash?**', (route) => route.abort())
    const { items } = await ann.api<{ items: { name: string; path: string }[] }>('GET', '/trash')
    for (const { name, path } of items)
      if (path !== '/here.txt') await ann.api('DELETE', `/trash/${encodeURIComponent(name)}`)
    await page.unroute('**/api/v1/trash?**')
    await page.getByRole('button', { name: 'Restore 3', exact: true }).click()
    await page.getByText('“here.txt” is back where it was').waitFor()
    await page.getByText('1 more did not work').waitFor()
    await page.getByText('Nothing is deleted').waitFor()
    expect((await ann.dav('GET', '/here.txt')).status).toBe(200)
  })
})
