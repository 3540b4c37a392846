import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestBrowser } from './browser.ts'
import { TestMesh, type TestNode } from './test-mesh.ts'
import type { TestUser } from './test-user.ts'

/** A node with one user, a browser that finds it, and a folder for files that are chosen there. */
export interface PageLab {
  leiden: TestNode
  ann: TestUser
  browser: TestBrowser
  folder: string
  close(): Promise<void>
}

export async function openPageLab(): Promise<PageLab> {
  const mesh = await TestMesh.create(['leiden'])
  try {
    const leiden = mesh.nodes[0] as TestNode
    const ann = await leiden.addUser('ann')
    const browser = await TestBrowser.open(mesh.nodes)
    const folder = await mkdtemp(join(tmpdir(), 'causeway-ui-'))
    const close = async () => {
      await browser.close()
      await mesh.close()
      await rm(folder, { recursive: true })
    }
    return { leiden, ann, browser, folder, close }
  } catch (error) {
    await mesh.close()
    throw error
  }
}
