import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addUser, initNode } from '../../src/admin.ts'

describe('the folder of a new node', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-init-'))
    // As an operator makes it: everybody may look into it.
    await chmod(folder, 0o755)
  })

  afterEach(() => rm(folder, { recursive: true }))

  it('shows its secrets to nobody else on the machine', async () => {
    await initNode(folder, { publicUrl: 'https://drive.example', password: 'ann-password' })
    await addUser(folder, { name: 'ben' })
    const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o777
    expect(await modeOf('causeway.db')).toBe(0o600)
    expect(await modeOf('keys')).toBe(0o700)
    expect(await modeOf('keys/node.key')).toBe(0o600)
    expect(await modeOf('keys/signing-1.json')).toBe(0o600)
    expect((await modeOf('causeway.yaml')) & 0o007).toBe(0)
  })
})
