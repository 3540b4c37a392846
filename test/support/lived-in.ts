import { TestMesh, type TestNode } from './test-mesh.ts'
import { connect, shareAndAccept, TestUser, until } from './test-user.ts'

/** Two institutions whose people have worked with each other for a while. */
export interface LivedIn {
  mesh: TestMesh & { nodes: TestNode[] }
  leiden: TestNode
  krakow: TestNode
  /** Administrator at leiden, who shares. */
  ann: TestUser
  /** At krakow, who received, copied and is asked. */
  jan: TestUser
  /** A transfer of jan's that is done. */
  jobId: string
}

const LONG = `${'observation-of-a-very-long-night-'.repeat(5)}final.fits`

/** Drives with files, shares in every state, a finished copy, an invitation, a link. */
export async function createLivedIn(): Promise<LivedIn> {
  const mesh = await TestMesh.create(['leiden', 'krakow'], { name: 'Observatory Drive' })
  const [leiden, krakow] = mesh.nodes as [TestNode, TestNode]
  const ann = await addAdmin(leiden, 'ann', 'Ann van Leiden')
  const jan = await addAdmin(krakow, 'jan', 'Jan Kowalski')
  await leiden.addUser('bob')
  await fillDrive(ann)
  await connect(ann, jan)
  const { receivedId } = await shareAndAccept(ann, jan, '/survey', 'editor')
  await ann.api('POST', '/shares', {
    path: '/letters',
    shareWith: jan.address,
    role: 'viewer',
    note: 'For Monday’s meeting.',
  })
  await ann.api('POST', '/shares', { path: '/survey', shareWith: 'bob', role: 'viewer' })
  await ann.api('POST', '/shares', {
    path: '/survey',
    role: 'viewer',
    recipient: { type: 'link', label: 'For reviewers' },
  })
  await ann.api('POST', '/invitations', { description: 'Marie in Lyon' })
  await until(
    () => jan.api<{ items: unknown[] }>('GET', '/received-shares?state=pending'),
    ({ items }) => items.length > 0,
  )
  const { id } = await jan.api<{ id: string }>('POST', '/transfers', {
    source: { shareId: receivedId },
    destination: { path: '/copies/survey' },
    label: 'Survey, first night',
  })
  await jan.untilEnded(id)
  await ann.dav('DELETE', '/old.txt')
  return { mesh, leiden, krakow, ann, jan, jobId: id }
}

async function addAdmin(node: TestNode, name: string, displayName: string): Promise<TestUser> {
  const password = `${name}-password`
  await node.node.accounts.addUser({ name, password, displayName, isAdmin: true })
  return new TestUser({ name, password, origin: node.origin, host: node.host })
}

async function fillDrive(user: TestUser): Promise<void> {
  for (const folder of ['/survey', '/survey/raw', '/letters', '/Empty folder'])
    await user.dav('MKCOL', folder)
  await Promise.all([
    user.put('/survey/night-1.dat', new Uint8Array(3_000_000)),
    user.put('/survey/night-2.dat', new Uint8Array(1_500_000)),
    user.put('/survey/readme.md', '# Survey\n\nTwo nights.\n'),
    user.put('/survey/raw/frame-001.raw', new Uint8Array(400_000)),
    user.put('/letters/to-marie.txt', 'Dear Marie,\n'),
    user.put('/notes.txt', 'Remember the milk.\n'),
    user.put(`/${LONG}`, new Uint8Array(12_345)),
    user.put('/old.txt', 'old'),
  ])
}
