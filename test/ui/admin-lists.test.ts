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
})
