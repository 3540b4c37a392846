import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn } from '../support/browser.ts'
import { openPageLab, type PageLab } from '../support/page-lab.ts'

let lab: PageLab | undefined
let leiden: PageLab['leiden']
let ann: PageLab['ann']
let bob: PageLab['ann']
let browser: PageLab['browser']

beforeAll(async () => {
  lab = await openPageLab()
  ;({ leiden, ann, browser } = lab)
  bob = await leiden.addUser('bob')
  await ann.dav('MKCOL', '/survey')
})

afterAll(() => lab?.close())

interface Given {
  path: string
  role: string
  note?: string
  mayReshare: boolean
  expiresAt?: string
  link?: { hasPassword: boolean }
}

const given = async () => (await ann.api<{ items: Given[] }>('GET', '/shares')).items

describe('what happens elsewhere', () => {
  it('is heard again after a proxy had no node to ask', async () => {
    const { page } = await browser.visit(leiden, '/login')
    let refused = 0
    await page.route('**/api/v1/events', (route) =>
      refused++ === 0 ? route.fulfill({ status: 503, body: 'no node' }) : route.continue(),
    )
    await signIn(page, 'ann', 'ann-password')
    await page.getByRole('link', { name: 'Shared with me' }).click()
    await page.getByText('Nobody shares anything with you yet').waitFor()
    await expect.poll(() => refused, { timeout: 20_000 }).toBeGreaterThan(1)
    await bob.dav('MKCOL', '/news')
    const recipient = { type: 'user', address: `ann@${leiden.host}` }
    await bob.api('POST', '/shares', { path: '/news', recipient, role: 'viewer' })
    await page.getByText('news').waitFor()
  })
})

describe('the terms of a share', () => {
  it('are set when it is made, for people and for links, and changed later', async () => {
    const { page, complaints } = await browser.visit(leiden)
    await signIn(page, 'ann', 'ann-password')
    await page.getByRole('button', { name: 'Actions for survey' }).click()
    await page.getByRole('menuitem', { name: 'Share' }).click()
    await page.getByRole('combobox', { name: 'Share with' }).fill('bob')
    await page.getByRole('option', { name: /bob/i }).first().click()
    await page.getByLabel('They may', { exact: true }).selectOption('editor')
    await page.getByLabel('Message to them').fill('For Monday')
    await page.getByLabel('Until').fill('2031-03-01')
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    const bob = page.getByRole('listitem').filter({ hasText: 'bob@' })
    await bob.waitFor()
    expect(await given()).toMatchObject([{ role: 'editor', expiresAt: '2031-03-01T23:59:59.000Z' }])

    await bob.getByRole('button', { name: /^Actions for/ }).click()
    await page.getByRole('menuitem', { name: 'Change…' }).click()
    const dialog = page.getByRole('dialog', { name: /Change the share/ })
    expect(await dialog.getByLabel('Until').inputValue()).toBe('2031-03-01')
    expect(await dialog.getByLabel('Message to them').count()).toBe(0)
    await dialog.getByLabel('They may', { exact: true }).selectOption('viewer')
    await dialog.getByLabel('They may share it on').check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    const changed = { role: 'viewer', mayReshare: true, expiresAt: '2031-03-01T23:59:59.000Z' }
    expect(await given()).toMatchObject([changed])

    await page.getByRole('button', { name: 'New link' }).click()
    await page.getByLabel('Whoever has the link may').selectOption('uploader')
    await page.getByLabel('Name of the link').fill('For reviewers')
    await page.getByLabel('Password of the link').fill('a long password')
    await page.getByRole('button', { name: 'Make the link' }).click()
    const link = page.getByRole('listitem').filter({ hasText: 'For reviewers' })
    await link.getByRole('button', { name: /^Actions for/ }).click()
    await page.getByRole('menuitem', { name: 'Change…' }).click()
    await dialog.getByLabel('No password any more').check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    const [made] = (await given()).filter((one) => one.link !== undefined)
    expect(made).toMatchObject({ role: 'uploader', link: { hasPassword: false } })
    expect(complaints).toEqual([])
  })

  it('are changed as far as they were touched: what was taken away elsewhere does not come back', async () => {
    await ann.dav('MKCOL', '/taken')
    const recipient = { type: 'user', address: `bob@${leiden.host}` }
    const share = await ann.api<{ id: string }>('POST', '/shares', {
      ...{ path: '/taken', recipient, role: 'editor', mayReshare: true },
    })
    const { page } = await browser.visit(leiden)
    await signIn(page, 'ann', 'ann-password')
    await page.getByRole('button', { name: 'Actions for taken' }).click()
    await page.getByRole('menuitem', { name: 'Share' }).click()
    const bob = page.getByRole('listitem').filter({ hasText: 'bob@' })
    await bob.getByRole('button', { name: /^Actions for/ }).click()
    await page.getByRole('menuitem', { name: 'Change…' }).click()
    const dialog = page.getByRole('dialog', { name: /Change the share/ })
    await dialog.getByLabel('Until').fill('2031-03-01')
    await ann.api('PATCH', `/shares/${share.id}`, { role: 'viewer', mayReshare: false })
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    const now = (await given()).filter(({ path }) => path === '/taken')
    expect(now).toMatchObject([{ role: 'viewer', mayReshare: false, expiresAt: expect.any(String) }])
  })

  it('keep their end to the second unless its day is changed, wherever one is', async () => {
    const expiresAt = '2031-03-01T02:34:56.000Z'
    await ann.dav('MKCOL', '/borrowed')
    const recipient = { type: 'user', address: `bob@${leiden.host}` }
    await ann.api('POST', '/shares', { path: '/borrowed', recipient, role: 'editor', expiresAt })
    const { page, complaints } = await browser.visit(leiden, '/', { timezoneId: 'America/Los_Angeles' })
    await signIn(page, 'ann', 'ann-password')
    await page.getByRole('button', { name: 'Actions for borrowed' }).click()
    await page.getByRole('menuitem', { name: 'Share' }).click()
    const dialog = page.getByRole('dialog', { name: /Change the share/ })
    const change = async (work: () => Promise<unknown>) => {
      await page
        .getByRole('listitem')
        .filter({ hasText: 'bob@' })
        .getByRole('button', { name: /^Actions for/ })
        .click()
      await page.getByRole('menuitem', { name: 'Change…' }).click()
      await work()
      await dialog.getByRole('button', { name: 'Save' }).click()
      await dialog.waitFor({ state: 'detached' })
      return (await given()).filter(({ path }) => path === '/borrowed')
    }
    const viewer = await change(() => dialog.getByLabel('They may', { exact: true }).selectOption('viewer'))
    expect(viewer).toMatchObject([{ role: 'viewer', expiresAt }])
    const until = dialog.getByLabel('Until')
    const moved = await change(async () => {
      expect(await until.inputValue()).toBe('2031-02-28')
      await until.fill('2031-03-01')
    })
    expect(moved).toMatchObject([{ expiresAt: '2031-03-02T07:59:59.000Z' }])
    expect((await change(() => until.fill('')))[0]).not.toHaveProperty('expiresAt')
    expect(complaints).toEqual([])
  })
})
