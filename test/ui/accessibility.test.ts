import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type Axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signIn, TestBrowser, type Visitor, type VisitorOptions } from '../support/browser.ts'
import { createLivedIn, type LivedIn } from '../support/lived-in.ts'
import { LOOKS, SCREENS } from '../support/screens.ts'
import { until } from '../support/test-user.ts'

let world: LivedIn
let browser: TestBrowser
let axe: string

beforeAll(async () => {
  world = await createLivedIn()
  browser = await TestBrowser.open(world.mesh.nodes)
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
})

afterAll(async () => {
  await browser?.close()
  await world?.mesh.close()
})

/** What axe finds that keeps people out, as `rule: where`. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof Axe }).axe.run({ resultTypes: ['violations'] }),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`))
}

/** The page's policy lets no script of ours in, so axe comes with the browser, before the page. */
async function visitWithAxe(look: VisitorOptions): Promise<Visitor> {
  const visitor = await browser.visit(world.krakow, '/', look)
  await visitor.context.addInitScript({ content: axe })
  await visitor.page.reload()
  return visitor
}

async function settled(page: Page): Promise<void> {
  await page.getByRole('heading').first().waitFor()
  await until(
    () => page.locator('.loading').count(),
    (count) => count === 0,
  )
}

describe.each(Object.entries(LOOKS))('the page, %s', (_, look) => {
  it('lets everybody in: signing in has no serious finding', async () => {
    const { page } = await visitWithAxe(look)
    await settled(page)
    expect(await findings(page)).toEqual([])
  })

  it('has no serious finding on any screen, and never scrolls sideways', async () => {
    const { page, complaints } = await visitWithAxe(look)
    await signIn(page, 'jan', 'jan-password').catch(() => page.locator('.frame').waitFor())
    const found: Record<string, string[]> = {}
    for (const screen of [...SCREENS, `transfers/${world.jobId}`, 'nowhere']) {
      await page.goto(`/${screen}`)
      await settled(page)
      const wrong = await findings(page)
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (overflow > 0) wrong.push(`scrolls sideways by ${overflow} px`)
      if (wrong.length > 0) found[screen] = wrong
    }
    expect(found).toEqual({})
    expect(complaints).toEqual([])
  }, 120_000)
})
