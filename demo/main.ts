import { randomBytes } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { checksumsBelow, uploadDataset } from './dataset.ts'
import { filesOf, type Job, watchJob } from './job.ts'
import { Person } from './person.ts'
import { endLeftover, Site } from './site.ts'
import { aside, size, told } from './words.ts'

const ROOT = join(import.meta.dirname, '../.demo')
const LEIDEN = 'leiden'
const KRAKOW = 'krakow'
const KILL_AFTER_BYTES = 48 * 1024 * 1024

/** The main job, end to end: two institutions, one data set, an invitation, a share, a copy, a power cut. */
async function main(): Promise<void> {
  for (const name of [LEIDEN, KRAKOW]) await endLeftover(join(ROOT, name))
  await rm(ROOT, { recursive: true, force: true })
  const { ann, jan } = await makePeople()
  const sites = [ann.site, jan.site]
  endOnSignals(sites)
  try {
    await start(ann, jan)
    await upload(ann)
    await meet(ann, jan)
    const shareId = await share(ann, jan)
    const received = await accept(ann, jan)
    await copy(ann, jan, received)
    await surviveKill(ann, jan, received)
    await revoke(ann, jan, shareId)
    if (process.stdout.isTTY && !process.argv.includes('--once')) await stayUp([ann, jan])
  } catch (error) {
    // A node that was told to stop answers no more; that is no failure of the demonstration.
    if (ending === undefined) throw error
  } finally {
    await Promise.all(sites.map((site) => site.stop()))
  }
}

let ending: Promise<void> | undefined
let isStaying = false

/** Ctrl-C and kill stop the nodes first; a second Ctrl-C does not wait for them. */
function endOnSignals(sites: Site[]): void {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
  for (const [signal, number] of Object.entries(numbers)) {
    process.on(signal, () => {
      const code = isStaying ? 0 : 128 + number
      const stop = ending === undefined ? (site: Site) => site.stop() : (site: Site) => site.kill()
      ending = Promise.allSettled(sites.map(stop)).then(() => process.exit(code))
    })
  }
}

async function makePeople(): Promise<{ ann: Person; jan: Person }> {
  const ports = [await freePort(8401), await freePort(8402)] as const
  const hosts = { [`${LEIDEN}.localhost`]: '127.0.0.1', [`${KRAKOW}.localhost`]: '127.0.0.1' }
  const options = { root: ROOT, hosts }
  return {
    ann: new Person('ann', password(), new Site(LEIDEN, ports[0], options)),
    jan: new Person('jan', password(), new Site(KRAKOW, ports[1], options)),
  }
}

async function start(ann: Person, jan: Person): Promise<void> {
  await Promise.all(
    [ann, jan].map(async (person) => {
      await person.site.init(person.name, person.password)
      await person.site.start()
    }),
  )
  told(
    `Two nodes run: ${ann.site.name} at ${ann.site.origin}, ${jan.site.name} at ${jan.site.origin}.`,
    `curl ${ann.site.origin}/.well-known/ocm`,
  )
}

async function upload(ann: Person): Promise<void> {
  const startedMs = performance.now()
  const { files, bytes } = await uploadDataset(ann, 'vega-datasets')
  const seconds = (performance.now() - startedMs) / 1000
  told(
    `ann uploaded ${files} files, ${size(bytes)}, over WebDAV in ${seconds.toFixed(1)} s.`,
    `${ann.curl} -X PROPFIND -H 'Depth: 1' ${ann.driveUrl}/vega-datasets/`,
  )
}

async function meet(ann: Person, jan: Person): Promise<void> {
  const { inviteString } = await ann.api<{ inviteString: string }>('POST', '/invitations', {
    description: 'for jan',
  })
  await jan.api('POST', '/invitations/accept', { invite: inviteString })
  const contacts = await Promise.all(
    [ann, jan].map(
      async (person) => (await person.api<{ items: { address: string }[] }>('GET', '/contacts')).items,
    ),
  )
  told(
    `ann invited, jan accepted: ann knows ${contacts[0]?.[0]?.address}, jan knows ${contacts[1]?.[0]?.address}.`,
    `${jan.curl} ${jan.site.origin}/api/v1/contacts`,
  )
}

async function share(ann: Person, jan: Person): Promise<string> {
  const { id } = await ann.api<{ id: string }>('POST', '/shares', {
    path: '/vega-datasets',
    shareWith: jan.address,
    role: 'viewer',
  })
  const { items } = await jan.api<{ items: { name: string; owner: { address: string } }[] }>(
    'GET',
    '/received-shares?state=pending',
  )
  told(
    `ann shared /vega-datasets with ${jan.address}; pending there: ${items[0]?.name} from ${items[0]?.owner.address}.`,
    `${jan.curl} '${jan.site.origin}/api/v1/received-shares?state=pending'`,
  )
  return id
}

async function accept(ann: Person, jan: Person): Promise<string> {
  const { items } = await jan.api<{ items: { id: string }[] }>('GET', '/received-shares?state=pending')
  const id = items[0]?.id as string
  const { mountPath } = await jan.api<{ mountPath: string }>('POST', `/received-shares/${id}/accept`, {})
  const names = await jan.listing(mountPath.slice(1))
  const readme = await jan.dav('GET', `${mountPath.slice(1)}/README.md`)
  const bytes = (await readme.arrayBuffer()).byteLength
  aside(
    `jan accepted: ${mountPath} of jan's drive shows ${names.length} entries, README.md read through ${jan.site.name}: ${size(bytes)} of ${ann.address}`,
  )
  aside(`see: ${jan.curl} ${jan.driveUrl}${mountPath}/README.md`)
  aside(`mount: mount -t davfs ${jan.driveUrl} /mnt   (user jan, password ${jan.password})`)
  return id
}

async function copy(ann: Person, jan: Person, shareId: string): Promise<void> {
  const order = {
    source: { shareId },
    destination: { path: '/copies/vega-datasets' },
    label: 'copy to my node',
  }
  const { id } = await jan.api<Job>('POST', '/transfers', order)
  const job = await watchJob(jan, id)
  const verified = await verify(ann, jan, job, 'copies/vega-datasets')
  told(
    `jan copied the share to ${jan.site.name}: ${verified} of ${job.files.total} files verified, every SHA-256 equal.`,
    `${jan.curl} ${jan.site.origin}/api/v1/transfers/${id}`,
  )
}

/** Trusts neither the job nor the index: hashes both trees on the disks. */
async function verify(ann: Person, jan: Person, job: Job, path: string): Promise<number> {
  if (job.state !== 'FINISHED')
    throw new Error(`the transfer ended ${job.state}: ${job.error?.message ?? ''}`)
  const source = await checksumsBelow(join(await filesFolder(ann.site), 'vega-datasets'))
  const copied = await checksumsBelow(join(await filesFolder(jan.site), path))
  for (const [file, sum] of source) {
    if (copied.get(file) !== sum) throw new Error(`${file} differs from its source`)
  }
  if (copied.size !== source.size) throw new Error(`${copied.size} files instead of ${source.size}`)
  return (await filesOf(jan, job.id)).filter((file) => file.verified === 'checksum').length
}

async function surviveKill(ann: Person, jan: Person, shareId: string): Promise<void> {
  const order = { source: { shareId }, destination: { path: '/copies/second' }, label: 'with a power cut' }
  const { id } = await jan.api<Job>('POST', '/transfers', order)
  const standing = await untilBytesStand(jan.site)
  await jan.site.kill()
  const restartedMs = performance.now()
  await jan.site.start()
  const seconds = ((performance.now() - restartedMs) / 1000).toFixed(1)
  aside(
    `${jan.site.name} killed with SIGKILL with ${size(standing)} of one file on disk; back after ${seconds} s`,
  )
  const job = await watchJob(jan, id)
  const verified = await verify(ann, jan, job, 'copies/second')
  told(
    `the job went on by itself and ended ${job.state}: ${verified} of ${job.files.total} files verified.`,
    `${jan.curl} ${jan.site.origin}/api/v1/transfers/${id}/files`,
  )
}

/** Resolves in the middle of the big file: when so many of its bytes lie in the staging folder. */
async function untilBytesStand(site: Site): Promise<number> {
  const staging = join(await filesFolder(site), '../staging/transfers')
  for (let tries = 0; tries < 6000; tries++) {
    const names = await readdir(staging).catch(() => [])
    const sizes = await Promise.all(
      names.map((name) =>
        stat(join(staging, name)).then(
          (found) => found.size,
          () => 0,
        ),
      ),
    )
    const largest = Math.max(0, ...sizes)
    if (largest > KILL_AFTER_BYTES) return largest
    await delay(5)
  }
  throw new Error('the second transfer never started')
}

async function revoke(ann: Person, jan: Person, shareId: string): Promise<void> {
  await ann.api('DELETE', `/shares/${shareId}`)
  const gone = await untilGone(jan, 'vega-datasets')
  const copies = await jan.listing('copies')
  told(
    `ann revoked the share: it left jan's drive (${gone.join(', ')}), the copies stay (${copies.join(', ')}).`,
    `${jan.curl} -X PROPFIND -H 'Depth: 1' ${jan.driveUrl}/`,
  )
}

async function untilGone(person: Person, name: string): Promise<string[]> {
  for (let tries = 0; tries < 100; tries++) {
    const names = await person.listing('')
    if (!names.includes(name)) return names
    await delay(100)
  }
  throw new Error(`${name} is still in the drive`)
}

async function filesFolder(site: Site): Promise<string> {
  const spaces = join(site.folder, 'spaces')
  const space = (await readdir(spaces)).find((name) => !name.startsWith('.'))
  return join(spaces, space as string, 'files')
}

async function stayUp(people: Person[]): Promise<void> {
  aside('Both nodes keep running; Ctrl-C stops them. Open them in a browser:')
  for (const person of people) {
    aside(`http://${person.site.host}/   user ${person.name}, password ${person.password}`)
    aside(`   mount ${person.driveUrl}/`)
    aside(`   bin/causeway login ${person.site.origin} --user ${person.name} --profile ${person.site.name}`)
  }
  isStaying = true
  await new Promise(() => setInterval(() => undefined, 60_000))
}

function password(): string {
  return randomBytes(9).toString('base64url').replace(/^-/, 'x')
}

/** The wanted port, or any free one when it is taken. */
async function freePort(wanted: number): Promise<number> {
  for (const port of [wanted, 0]) {
    const server = createServer()
    const bound = new Promise<number | undefined>((resolve) => {
      server.once('error', () => resolve(undefined))
      server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
    })
    const found = await bound
    server.close()
    if (found !== undefined) return found
  }
  throw new Error('no free port on 127.0.0.1')
}

await main()
