import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn } from '../support/browser.ts'
import { openPageLab, type PageLab } from '../support/page-lab.ts'

let lab: PageLab | undefined
let leiden: PageLab['leiden']
let browser: PageLab['browser']

beforeAll(async () => {
  lab = await openPageLab()
  ;({ leiden, browser } = lab)
})

afterAll(() => lab?.close())

describe('signing in with the page', () => {
  it('asks who one is, and goes to the place that was asked for', async () => {
    const { page, complaints } = await browser.visit(leiden, '/connections?x=1')
    await page.getByRole('heading', { name: /Sign in to/ }).waitFor()
    await signIn(page, 'ann', 'ann-password')
    expect(new URL(page.url()).pathname).toBe('/connections')
    expect(new URL(page.url()).search).toBe('?x=1')
    expect(complaints).toEqual([])
  })

  it('says so when the password is wrong, and goes on with the right one', async () => {
    const { page } = await browser.visit(leiden)
    await page.getByLabel('User name').fill('ann')
    await page.getByLabel('Password', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('alert').getByText('The user name or the password is wrong.').waitFor()
    await signIn(page, 'ann', 'ann-password')
    expect(new URL(page.url()).pathname).toBe('/files')
  })

  it('never goes to another site after signing in', async () => {
    const { page } = await browser.visit(leiden, '/login?returnTo=https://evil.example/')
    await signIn(page, 'ann', 'ann-password')
    expect(new URL(page.url()).host).toBe(leiden.host)
  })

  it('signs all tabs of the browser out at once', async () => {
    const { page, context } = await browser.visit(leiden)
    await signIn(page, 'ann', 'ann-password')
    const second = await context.newPage()
    await second.goto('/files')
    await second.getByRole('navigation', { name: 'Main' }).waitFor()
    await page.getByRole('button', { name: 'Account of ANN' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: /Sign in to/ }).waitFor()
    await second.getByRole('heading', { name: /Sign in to/ }).waitFor()
    expect((await context.cookies()).filter(({ value }) => value !== '')).toEqual([])
  })

  it('leaves no way back to what was shown with the back button', async () => {
    const { page } = await browser.visit(leiden)
    await signIn(page, 'ann', 'ann-password')
    await page.getByRole('button', { name: 'Account of ANN' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: /Sign in to/ }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: /Sign in to/ }).waitFor()
    expect(await page.getByRole('navigation', { name: 'Main' }).count()).toBe(0)
  })
})
