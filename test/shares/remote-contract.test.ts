import { describeFileStore } from '../store/file-store-contract.ts'
import { createTestNode, Mesh } from './support.ts'

describeFileStore(
  'a share on another node, through its WebDAV',
  async () => {
    const mesh = new Mesh()
    const leiden = await createTestNode(mesh, 'leiden', { users: ['ann'] })
    const krakow = await createTestNode(mesh, 'krakow', { users: ['jan'] })
    await (await leiden.home('ann')).makeCollection(['shared'])
    const body = { path: '/shared', shareWith: `jan@${krakow.host}`, role: 'editor' }
    const { id: shareId } = (await leiden.api('ann', 'createShare', { body })) as { id: string }
    const [received] = await krakow.db('received_shares').where({ provider_id: shareId }).select('id')
    await krakow.api('jan', 'acceptReceivedShare', { params: { id: received.id } })
    const access = await krakow.shares.remoteAccess('id-jan', { path: ['shared'] })
    if (access === undefined) throw new Error('no access')
    return {
      store: access.store,
      close: async () => {
        await krakow.close()
        await leiden.close()
      },
    }
  },
  { isIndexed: true, hasWholeSeconds: true },
)
