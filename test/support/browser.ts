import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { TestNode } from './test-mesh.ts'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const BUILT_PAGE = join(import.meta.dirname, '../../dist/web/index.html')

/** What a person has before them: a browser of their own, with nobody else's cookies. */
export interface Visitor {
  page: Page
  context: BrowserContext
  /** Errors of the page's script and violations of its policy, in the order in which they came. */
  complaints: string[]
}

export interface VisitorOptions {
  colorScheme?: 'light' | 'dark'
  width?: number
  height?: number
  /** Where they are; UTC unless told. */
  timezoneId?: string
}

/** A real Chromium without a window, for which `*.test` is this machine. */
export class TestBrowser {
  private readonly browser: Browser

  private constructor(browser: Browser) {
    this.browser = browser
  }

  static async open(nodes: readonly TestNode[]): Promise<TestBrowser> {
    if (!existsSync(BUILT_PAGE)) throw new Error('The page is not built: run `make web` first.')
    const executablePath = PROGRAMS.find((program) => existsSync(program))
    if (executablePath === undefined)
      throw new Error("Chromium is missing: install Debian's package chromium.")
    const origins = nodes.map(pageOrigin).join(',')
    const browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-dev-shm-usage',
        '--host-resolver-rules=MAP *.test 127.0.0.1',
        `--unsafely-treat-insecure-origin-as-secure=${origins}`,
      ],
    })
    return new TestBrowser(browser)
  }

  /** Somebody new, at this node's page. */
  async visit(node: TestNode, path = '/', options: VisitorOptions = {}): Promise<Visitor> {
    const { colorScheme = 'light', width = 1280, height = 800, timezoneId = 'UTC' } = options
    const context = await this.browser.newContext({
      colorScheme,
      viewport: { width, height },
      baseURL: pageOrigin(node),
      reducedMotion: 'reduce',
      permissions: ['clipboard-read', 'clipboard-write'],
      locale: 'en-GB',
      timezoneId,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(15_000)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) complaints.push(message.text())
    })
    await page.goto(path)
    return { page, context, complaints }
  }

  close(): Promise<void> {
    return this.browser.close()
  }
}

/** The address of a node as its people know it. */
export function pageOrigin(node: TestNode): string {
  return `http://${node.host}`
}

/** Signs in with the form; the page shows the files then. The password of test users is their name and `-password`. */
export async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
}
