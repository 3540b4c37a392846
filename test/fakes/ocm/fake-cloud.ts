import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type DavShare, serveDav } from './dav-folder.ts'
import type { DavManner } from './dav-properties.ts'
import type { DavReader, RemoteEntry } from './dav-reader.ts'
import { FakeLinks } from './fake-links.ts'
import { drop } from './fake-readers.ts'
import type {
  FakeCloudOptions,
  FakeContact,
  FakeInvite,
  FakeUser,
  GivenShare,
  ShareOptions,
  TakenShare,
} from './fake-types.ts'
import { createFakeClient } from './http-client.ts'
import { type FakeAnswer, FakeHttpServer, type FakeRequest } from './http-server.ts'

/** What all the fakes have: people with a folder on disk, shares given and taken, contacts, a log. */
export abstract class FakeCloud {
  readonly users: FakeUser[]
  readonly given: GivenShare[] = []
  readonly taken: TakenShare[] = []
  readonly invites: FakeInvite[] = []
  readonly contacts = new Map<string, FakeContact[]>()
  readonly client = createFakeClient()
  /** Of the servers that have any. */
  readonly links = new FakeLinks(async (link, shareWith) => {
    await this.shareFile(link.user, link.path, shareWith, { permissions: link.permissions })
  })
  protected readonly nowMs: () => number
  protected abstract readonly manner: DavManner
  private server: FakeHttpServer | undefined
  private folder = ''

  constructor(options: FakeCloudOptions) {
    this.nowMs = options.nowMs ?? Date.now
    this.users = options.users.map((name) => this.newUser(name))
  }

  get host(): string {
    return this.running().host
  }
  get url(): string {
    return this.running().url
  }
  /** Everything this server was asked. */
  get requests() {
    return this.running().requests
  }
  /** Everything this server has asked others. */
  get sent() {
    return this.client.sent
  }

  async start(name: string): Promise<this> {
    this.folder = await mkdtemp(join(tmpdir(), `causeway-fake-${name}-`))
    for (const user of this.users) await mkdir(join(this.folder, user.name))
    this.server = await FakeHttpServer.listen(`${name}.test`, (request) => this.answer(request))
    return this
  }

  async close(): Promise<void> {
    await this.server?.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  protected abstract answer(request: FakeRequest): Promise<FakeAnswer>
  /** Tells the other side of a new share; throws when it does not take it. */
  protected abstract announce(share: GivenShare, options: ShareOptions): Promise<void>
  protected abstract reader(share: TakenShare): Promise<DavReader>
  /** Tells the other side that a share has ended; most servers do not. */
  protected async tellUnshared(_share: GivenShare): Promise<void> {}
  protected async tellAccepted(_share: TakenShare): Promise<void> {}
  protected async tellDeclined(_share: TakenShare): Promise<void> {}

  protected newUser(name: string): FakeUser {
    return { name, id: name, displayName: name.toUpperCase(), email: `${name}@mail.test` }
  }

  addressOf(user: string): string {
    return `${this.user(user).id}@${this.host}`
  }

  user(name: string): FakeUser {
    const found = this.users.find((user) => user.name === name)
    if (found === undefined) throw new Error(`no user ${name} here`)
    return found
  }

  diskPathOf(user: string, path: string): string {
    return join(this.folder, this.user(user).name, path)
  }

  async addFile(user: string, path: string, text: string | Buffer): Promise<void> {
    await mkdir(dirname(this.diskPathOf(user, path)), { recursive: true })
    await writeFile(this.diskPathOf(user, path), text)
  }

  async fileText(user: string, path: string): Promise<string> {
    return readFile(this.diskPathOf(user, path), 'utf8')
  }

  /** Shares a file or folder; `address` is `id@host`. Throws what the other side answered. */
  async shareFile(
    user: string,
    path: string,
    address: string,
    options: ShareOptions = {},
  ): Promise<GivenShare> {
    const diskPath = this.diskPathOf(user, path)
    const at = address.lastIndexOf('@')
    const share: GivenShare = {
      ...{ id: this.newShareId(), owner: this.user(user), diskPath, name: basename(path) },
      isFolder: (await stat(diskPath)).isDirectory(),
      secret: this.newShareSecret(),
      permissions: options.permissions ?? ['read'],
      shareWith: { id: address.slice(0, at), host: address.slice(at + 1) },
      state: 'sent',
    }
    this.given.push(share)
    await this.announce(share, options).catch((error: unknown) => {
      drop(this.given, share)
      throw error
    })
    return share
  }

  async unshare(shareId: string): Promise<void> {
    const share = this.given.find((one) => one.id === shareId)
    if (share === undefined) throw new Error(`no share ${shareId} here`)
    drop(this.given, share)
    await this.tellUnshared(share)
  }

  pendingShares(user: string): TakenShare[] {
    return this.taken.filter((share) => share.user === user && share.state === 'pending')
  }

  acceptedShares(user: string): TakenShare[] {
    return this.taken.filter((share) => share.user === user && share.state === 'accepted')
  }

  async accept(user: string, id: string): Promise<void> {
    const share = this.takenBy(user, id)
    await this.tellAccepted(share)
    share.state = 'accepted'
  }

  async decline(user: string, id: string): Promise<void> {
    const share = this.takenBy(user, id)
    drop(this.taken, share)
    await this.tellDeclined(share)
  }

  /** Gives an accepted share back. */
  async leave(user: string, id: string): Promise<void> {
    await this.decline(user, id)
  }

  /** Entries of a folder that was shared with us, the folder itself first. */
  async list(user: string, id: string, path = ''): Promise<RemoteEntry[]> {
    const reader = await this.reader(this.takenBy(user, id))
    await reader.propfind('', '0')
    return reader.propfind(path, '1')
  }

  async read(user: string, id: string, path = ''): Promise<string> {
    const reader = await this.reader(this.takenBy(user, id))
    await reader.propfind(path, '0')
    return (await reader.get(path)).toString('utf8')
  }

  /** Writes as a user would: what the other side says is not writable is not even tried. */
  async write(user: string, id: string, path: string, text: string): Promise<void> {
    const reader = await this.reader(this.takenBy(user, id))
    const [root] = await reader.propfind('', '0')
    if (!root?.mayWrite) throw new Error('the share is read-only')
    await reader.exists(path)
    await reader.put(path, text)
  }

  async change(
    user: string,
    id: string,
    method: 'MKCOL' | 'DELETE' | 'MOVE' | 'COPY',
    path: string,
    to?: string,
  ): Promise<void> {
    const reader = await this.reader(this.takenBy(user, id))
    await reader.propfind('', '0')
    await reader.change(method, path, to === undefined ? {} : { to })
  }

  createInvite(user: string): FakeInvite & { inviteString: string } {
    const invite = { token: randomUUID(), user: this.user(user), createdAtMs: this.nowMs() }
    this.invites.push(invite)
    return { ...invite, inviteString: Buffer.from(`${invite.token}@${this.host}`).toString('base64url') }
  }

  contactsOf(user: string): FakeContact[] {
    return this.contacts.get(user) ?? []
  }

  protected addContact(user: string, contact: FakeContact): void {
    this.contacts.set(user, [...this.contactsOf(user), contact])
  }

  protected takenBy(user: string, id: string): TakenShare {
    const share = this.taken.find((one) => one.user === user && one.id === id)
    if (share === undefined) throw new Error(`${user} has no share ${id}`)
    return share
  }

  protected newShareId(): string {
    return randomUUID()
  }

  protected newShareSecret(): string {
    return randomBytes(24).toString('base64url')
  }

  protected serve(share: GivenShare, request: FakeRequest, href: string): Promise<FakeAnswer> {
    const { diskPath, permissions } = share
    const dav: DavShare = { diskPath, href, host: this.host, permissions, manner: this.manner }
    return serveDav(dav, request, request.path.slice(href.length))
  }

  private running(): FakeHttpServer {
    if (this.server === undefined) throw new Error('this fake has not been started')
    return this.server
  }
}
