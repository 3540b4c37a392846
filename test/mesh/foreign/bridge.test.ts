import { describe, expect, it } from 'vitest'
import { startMesh } from '../../fakes/ocm/mesh.ts'
import { startFakeNextcloud } from '../../fakes/ocm/nextcloud.ts'
import { startFakeOpencloud } from '../../fakes/ocm/opencloud.ts'

describe('between a Nextcloud and an OpenCloud, which cannot share with each other,', () => {
  it('stands a node that both send their shares to', async () => {
    const mesh = await startMesh(['leiden'], { ocm: { requireSignatures: false } })
    const [node] = mesh.nodes
    if (node === undefined) throw new Error('no node')
    const alice = await node.addUser('alice')
    const clouds = [
      await startFakeNextcloud({ users: ['bob'] }),
      await startFakeOpencloud({ users: ['bob'] }),
    ]
    try {
      for (const cloud of clouds) {
        if ('trust' in cloud) cloud.trust(node.host)
        await cloud.addFile('bob', 'a.txt', 'alpha')
        await cloud.shareFile('bob', 'a.txt', alice.address)
      }
      const { items } = await alice.api<{ items: { owner: { address: string } }[] }>(
        'GET',
        '/received-shares?state=pending',
      )
      expect(items.map((share) => share.owner.address.split('@').at(-1)).sort()).toEqual(
        clouds.map((cloud) => cloud.host).sort(),
      )
    } finally {
      for (const cloud of clouds) await cloud.close()
      await mesh.close()
    }
  })
  it.todo('a folder of the Nextcloud is read and written by somebody of the OpenCloud through our node')
  it.todo('a folder of the OpenCloud is read and written by somebody of the Nextcloud through our node')
  it.todo('nobody gets more rights on the way than there were')
  it.todo('what is taken back at the source is closed at the far end')
})
