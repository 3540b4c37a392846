import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn, TestBrowser, type Visitor } from '../support/browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'

let mesh: TestMesh & { nodes: TestNode[] }
let browser: TestBrowser
let folder: string
let ann: Visitor
let jan: Visitor

beforeAll(async () => {
  mesh = await TestMesh.create(['leiden', 'krakow'])
  const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  await Promise.all([leiden.addUser('ann'), krakow.addUser('jan')])
  folder = await mkdtemp(join(tmpdir(), 'causeway-ten-minutes-'))
  await writeFile(join(folder, 'night.dat'), new Uint8Array(6_000_000).fill(7))
  await writeFile(join(folder, 'notes.txt'), 'Two nights.\n')
  browser = await TestBrowser.open(mesh.nodes)
  ann = await browser.visit(leiden)
  jan = await browser.visit(krakow)
})

afterAll(async () => {
  await browser?.close()
  await mesh?.close()
  await rm(folder, { recursive: true, force: true })
})

const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })
const goTo = (page: Page, name: string | RegExp) =>
  page
    .getByRole('navigation', { name: 'Main' })
    .getByRole('link', typeof name === 'string' ? { name, exact: true } : { name })
    .click()

/** One story; each step stands on those before it. */
describe('the first ten minutes of two people at two institutions', () => {
  it('begin with signing in, both', async () => {
    await signIn(ann.page, 'ann', 'ann-password')
    await signIn(jan.page, 'jan', 'jan-password')
    await ann.page.getByText('Your drive is empty').waitFor()
  })

  it('ann makes a folder and uploads into it', async () => {
    const { page } = ann
    await page.getByRole('button', { name: 'New folder' }).first().click()
    await page.getByRole('dialog').getByRole('textbox').fill('survey')
    await page.getByRole('dialog').getByRole('button', { name: 'Create folder' }).click()
    await row(page, 'survey').waitFor()
    await page.goto('/files/survey')
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Upload', exact: true }).first().click()
    await (await chooser).setFiles([join(folder, 'night.dat'), join(folder, 'notes.txt')])
    await row(page, 'night.dat').waitFor()
    await row(page, 'notes.txt').waitFor()
  })

  it('ann invites, and jan pastes the code at his own node', async () => {
    await goTo(ann.page, 'Connections')
    await ann.page.getByRole('button', { name: 'Invite somebody' }).click()
    await ann.page.getByLabel('Whom is it for?').fill('Jan in Kraków')
    await ann.page.getByRole('button', { name: 'Make the invitation' }).click()
    const code = await ann.page.getByRole('dialog').locator('code').nth(1).innerText()
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

    await goTo(jan.page, 'Connections')
    await jan.page.getByRole('button', { name: 'I have an invitation' }).click()
    await jan.page.getByLabel('Link or code').fill(code)
    await jan.page.getByRole('button', { name: 'Accept the invitation' }).click()
    await jan.page.getByRole('listitem').filter({ hasText: 'ann@leiden.test' }).waitFor()
    await ann.page.getByRole('listitem').filter({ hasText: 'jan@krakow.test' }).first().waitFor()
  })

  it('ann shares the folder with the new connection', async () => {
    const { page } = ann
    await goTo(page, 'Files')
    await page.getByRole('button', { name: 'Actions for survey' }).click()
    await page.getByRole('menuitem', { name: 'Share' }).click()
    await page.getByRole('combobox', { name: 'Share with' }).fill('jan')
    await page
      .getByRole('option', { name: /jan@krakow/i })
      .first()
      .click()
    await page.getByRole('button', { name: 'Share', exact: true }).click()
    await page.getByRole('listitem').filter({ hasText: 'jan@krakow.test' }).waitFor()
  })

  it('jan sees it pending with a count, accepts, and is in the folder', async () => {
    const { page } = jan
    await page.getByRole('img', { name: '1 share waits for you' }).waitFor()
    await goTo(page, /Pending/)
    await page.getByRole('button', { name: 'Accept', exact: true }).dblclick()
    await row(page, 'night.dat').waitFor()
    expect(new URL(page.url()).pathname).toBe('/files/survey')
  })

  it('jan copies it to his own node and watches it come, verified', async () => {
    const { page } = jan
    await goTo(page, 'Shared with me')
    await page.getByRole('button', { name: 'Actions for survey' }).click()
    await page.getByRole('menuitem', { name: 'Copy to my node' }).click()
    await page.getByLabel('Folder in your drive').fill('/copies/survey')
    await page.getByRole('dialog').getByRole('button', { name: 'Copy', exact: true }).click()
    await page.getByText('verified 2/2 (checksums)').waitFor()
    await page.getByText('6 MB of 6 MB').first().waitFor()
    await page.goto('/files/copies/survey')
    await row(page, 'night.dat').waitFor()
  })

  it('ann ends the share: it leaves jan’s drive, the copy stays', async () => {
    await goTo(ann.page, 'Shared by me')
    await ann.page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click()
    await ann.page.getByRole('menuitem', { name: 'End the share' }).click()
    await ann.page.getByRole('dialog').getByRole('button', { name: 'End the share' }).click()
    await ann.page.getByText('The share has ended').waitFor()
    await jan.page.goto('/shared-with-me')
    await jan.page.getByText('Nobody shares anything with you yet').waitFor()
    await jan.page.goto('/files/copies/survey')
    await row(jan.page, 'night.dat').waitFor()
  })

  it('all without an error of the page', () => {
    expect([...ann.complaints, ...jan.complaints]).toEqual([])
  })
})
