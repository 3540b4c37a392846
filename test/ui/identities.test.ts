import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pageOrigin, signIn, TestBrowser } from '../support/browser.ts'
import { TestMesh, type TestNode } from '../support/test-mesh.ts'
import { CLIENT, TestProvider } from '../support/test-provider.ts'

let provider: TestProvider
let mesh: TestMesh & { nodes: TestNode[] }
let leiden: TestNode
let browser: TestBrowser

beforeAll(async () => {
  provider = await TestProvider.start()
  const { issuer } = provider
  const oidc = { issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, label: 'Uni login' }
  mesh = await TestMesh.create(['leiden'], { oidc })
  leiden = mesh.nodes[0] as TestNode
  provider.onNode(pageOrigin(leiden))
  provider.account = { sub: 'id-ann', preferred_username: 'ann@uni', name: 'Ann at Uni', email: 'a@uni.test' }
  await leiden.addUser('ann')
  browser = await TestBrowser.open(mesh.nodes)
})

afterAll(async () => {
  await browser?.close()
  await mesh?.close()
  await provider?.close()
})

function identities(page: Page) {
  return page.getByRole('region', { name: 'Signing in elsewhere' })
}

describe('signing in elsewhere', () => {
  it('is connected and disconnected in the settings, after the password where the last was long ago', async () => {
    const { page, complaints } = await browser.visit(leiden, '/settings/profile')
    await signIn(page, 'ann', 'ann-password')
    await identities(page).getByText('No account elsewhere is connected yet').waitFor()
    await leiden.node.db('sessions').update({ proven_at_ms: Date.now() - 3_601_000 })
    await page.getByRole('button', { name: 'Connect Uni login' }).click()
    const proof = page.getByRole('dialog', { name: 'Is it still you?' })
    const goOn = proof.getByRole('button', { name: 'Go on' })
    await goOn.click()
    await proof.getByText('Only who proved within the last hour').waitFor()
    await proof.getByLabel('Password', { exact: true }).fill('a wrong one')
    await goOn.click()
    await proof.getByText('The user name or the password is wrong').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(1)
    await proof.getByLabel('Password', { exact: true }).fill('ann-password')
    await proof.getByRole('button', { name: 'Go on' }).click()
    await identities(page).getByText(provider.issuer).waitFor()
    expect(new URL(page.url()).pathname).toBe('/settings/profile')

    const elsewhere = await browser.visit(leiden, '/settings/profile')
    await elsewhere.page.getByRole('link', { name: 'Sign in with Uni login' }).click()
    await identities(elsewhere.page).getByText(provider.issuer).waitFor()

    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
    await identities(page).getByText('No account elsewhere is connected yet').waitFor()
    expect(await leiden.node.db('user_identities').select()).toEqual([])
    expect([...complaints, ...elsewhere.complaints]).toEqual([])
  })

  it('stays where it is the only way in, which is said', async () => {
    provider.account = { sub: 'id-eve', preferred_username: 'eve', name: 'Eve', email: 'eve@uni.test' }
    const { page, context } = await browser.visit(leiden, '/settings/profile')
    const signInElsewhere = page.getByRole('link', { name: 'Sign in with Uni login' })
    await signInElsewhere.click()
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disconnect' }).click()
    const tab = context.waitForEvent('page')
    await signInElsewhere.click()
    await (await tab).getByRole('navigation', { name: 'Main' }).waitFor()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.getByText('This is your only way to sign in').waitFor()
    expect(await leiden.node.db('user_identities').select()).toHaveLength(1)
  })

  it('proves who one is to whoever has no password here, in another tab', async () => {
    provider.account = { sub: 'id-fay', preferred_username: 'fay', name: 'Fay', email: 'fay@uni.test' }
    const { page, context } = await browser.visit(leiden, '/settings/programs')
    const signInElsewhere = page.getByRole('link', { name: 'Sign in with Uni login' })
    await signInElsewhere.click()
    await page.getByRole('button', { name: 'Connect a program' }).first().click()
    await leiden.node.db('sessions').update({ proven_at_ms: Date.now() - 3_601_000 })
    const make = page.getByRole('button', { name: 'Create app password' })
    await make.click()
    const tab = context.waitForEvent('page')
    await signInElsewhere.click()
    await (await tab).getByRole('navigation', { name: 'Main' }).waitFor()
    await make.click()
    await page.getByText('it is shown only once').waitFor()
  })
  it('does nothing in the name of somebody else who signed in in the other tab', async () => {
    provider.account = { sub: 'id-gus', preferred_username: 'gus', name: 'Gus', email: 'gus@uni.test' }
    const { page, context } = await browser.visit(leiden, '/settings/programs')
    const signInElsewhere = page.getByRole('link', { name: 'Sign in with Uni login' })
    await signInElsewhere.click()
    await page.getByRole('button', { name: 'Connect a program' }).first().click()
    const make = page.getByRole('button', { name: 'Create app password' })
    await make.click()
    provider.account = { sub: 'id-hal', preferred_username: 'hal', name: 'Hal', email: 'hal@uni.test' }
    const tab = context.waitForEvent('page')
    await signInElsewhere.click()
    await (await tab).getByRole('navigation', { name: 'Main' }).waitFor()
    const before = await leiden.node.db('app_passwords').select()
    const reloaded = page.waitForEvent('load')
    await make.click()
    await reloaded
    await page.getByRole('button', { name: 'Connect a program' }).first().waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await leiden.node.db('app_passwords').select()).toEqual(before)
    expect(await page.evaluate(() => fetch('/api/v1/me').then((answer) => answer.json()))).toMatchObject({
      name: 'hal',
    })
  })
})
