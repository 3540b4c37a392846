import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn, TestBrowser } from '../support/browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { until } from '../support/test-user.ts'

/** More than the node gives with one request. */
const MANY = 1_150

let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let browser: TestBrowser

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden'])
  leiden = mesh.nodes[0] as TestNode
  const { accounts, db } = leiden.node
  await accounts.addUser({ name: 'ann', password: 'ann-password', displayName: 'Ann', isAdmin: true })
  const numbers = Array.from({ length: MANY }, (_, n) => String(n).padStart(4, '0'))
  const at = Date.now()
  const users = numbers.map((n) => ({
    ...{ id: `u${n}`, name: `user-${n}`, display_name: `User ${n}`, email: '' },
    ...{ password_hash: '!', is_admin: 0, created_at_ms: at },
  }))
  await db.batchInsert('users', users, 50)
  const peers = numbers.map((n) => ({ host: `drive-${n}.example.org`, first_seen_at_ms: at }))
  await db.batchInsert('ocm_peers', peers, 100)
  browser = await TestBrowser.open(mesh.nodes)
})

afterAll(async () => {
  await browser?.close()
  await mesh?.close()
})

/** Goes to the end of the page, and on for as long as more comes, until this is there. */
async function scrollTo(page: Page, text: string): Promise<void> {
  await until(
    async () => {
      await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight))
      return page.getByText(text, { exact: true }).count()
    },
    (count) => count === 1,
  )
}

describe('lists of the administration', () => {
  it.each([
    ['users', 'User 0003', `User ${MANY - 1}`],
    ['peers', 'drive-0003.example.org', `drive-${MANY - 1}.example.org`],
  ])('go on in pages to the last of very many %s', async (tab, early, last) => {
    const { page, complaints } = await browser.visit(leiden, `/admin/${tab}`)
    await signIn(page, 'ann', 'ann-password')
    await page.getByText(early, { exact: true }).waitFor()
    expect(await page.getByText(last, { exact: true }).count()).toBe(0)
    await scrollTo(page, last)
    expect(await page.getByText(early, { exact: true }).count()).toBe(1)
    expect(await page.getByRole('button', { name: 'More', exact: true }).count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('say where they would go on why they do not, until they are asked for anew', async () => {
    const { page } = await browser.visit(leiden, '/login')
    let isAway = true
    await page.route('**/api/v1/admin/groups?**', async (route, request) => {
      const url = new URL(request.url())
      url.searchParams.set('limit', '2')
      if (isAway && url.searchParams.has('cursor')) await route.abort()
      else await route.continue({ url: url.href })
    })
    await signIn(page, 'ann', 'ann-password')
    await page.goto('/admin/groups')
    const name = page.getByRole('textbox', { name: 'Name of a new group' })
    const add = async (group: string) => {
      await name.fill(group)
      await name.press('Enter')
      await expect.poll(() => name.inputValue()).toBe('')
    }
    for (const group of ['group-2', 'group-3', 'group-4']) await add(group)
    const note = page.getByRole('alert')
    await note.waitFor()
    expect(await page.getByText('group-2', { exact: true }).count()).toBe(1)
    const isAbove = await page
      .getByText('group-3', { exact: true })
      .evaluate(
        (row) =>
          row.getBoundingClientRect().bottom <
          (document.querySelector('[role=alert]')?.getBoundingClientRect().top ?? 0),
      )
    expect(isAbove).toBe(true)
    await add('group-1')
    await page.getByText('group-1', { exact: true }).waitFor()
    await note.waitFor({ state: 'detached' })
    isAway = false
    await page.getByRole('button', { name: 'More', exact: true }).click()
    await page.getByText('group-4', { exact: true }).waitFor()
    // All that is shown is still shown when something is added.
    await add('group-5')
    await page.getByText('group-5', { exact: true }).waitFor()
    for (const n of [1, 2, 3, 4]) expect(await page.getByText(`group-${n}`, { exact: true }).count()).toBe(1)
  })
})
