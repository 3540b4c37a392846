import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { TestBrowser } from '../test/support/browser.ts'
import { createLivedIn } from '../test/support/lived-in.ts'
import { LOOKS, SCREENS } from '../test/support/screens.ts'

const FOLDER = join(import.meta.dirname, '../docs/screens')

/** Pictures of every screen, for the documentation and for whoever looks at the page with a critical eye. */
async function main(): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  const world = await createLivedIn()
  const browser = await TestBrowser.open(world.mesh.nodes)
  for (const [look, options] of Object.entries(LOOKS)) {
    for (const [who, node] of [
      ['ann', world.leiden],
      ['jan', world.krakow],
    ] as const) {
      const { page } = await browser.visit(node, '/login', options)
      await page.getByRole('heading').first().waitFor()
      if (who === 'ann') await page.screenshot({ path: join(FOLDER, `login-${look}.png`) })
      await page.getByLabel('User name').fill(who)
      await page.getByLabel('Password', { exact: true }).fill(`${who}-password`)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.locator('.frame').waitFor()
      const isJans = (screen: string) => /^(shared-with|pending|transfers)/.test(screen)
      const wanted = [...SCREENS, `transfers/${world.jobId}`].filter(
        (screen) => isJans(screen) === (who === 'jan'),
      )
      for (const screen of wanted) {
        await page.goto(`/${screen}`)
        await page.getByRole('heading').first().waitFor()
        await page.waitForLoadState('load')
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        const name = screen.replace(world.jobId, 'one').replaceAll('/', '-')
        await page.screenshot({ path: join(FOLDER, `${name}-${look}.png`) })
      }
    }
  }
  await browser.close()
  await world.mesh.close()
}

await main()
