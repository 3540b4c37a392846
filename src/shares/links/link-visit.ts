import {
  DropStore,
  type FileContent,
  type FileStore,
  LockGuardStore,
  type LockRegistry,
  type StorePath,
  WrappedStore,
} from '../../store/index.ts'
import type { ShareContext } from '../context.ts'
import { placeInShare } from '../place-in-share.ts'
import { sharedStore } from '../share-access.ts'
import { countDownload } from './links-repo.ts'
import { getLinkedPlace } from './place-of-link.ts'
import type { PublicLink } from './types.ts'

/** What a visitor gets: fits WebDAV's `DavSession` but for the path. */
export interface LinkVisit {
  link: PublicLink
  /** Names the tree, for moves within it. */
  key: string
  /** Whose the locks are that visitors take: the link's, never the owner's. */
  lockUserId: string
  isFile: boolean
  /** May bring files, and see none. */
  isDrop: boolean
  /** What the entry is called now. */
  name: string
  store(lockTokens: readonly string[]): FileStore
  /** A shared file is reached at the address of the link, and below that under its name. */
  pathOf(names: StorePath): StorePath
}

/** The tree of a link with the rights of its role. Throws `NotFoundError` when the entry is gone. */
export async function visitLink(
  ctx: ShareContext,
  locks: LockRegistry,
  link: PublicLink,
): Promise<LinkVisit> {
  const { share } = link
  const { name } = await getLinkedPlace(ctx, share)
  const isFile = share.kind === 'file'
  const userId = `link:${share.id}`
  const isDrop = share.role === 'uploader'
  const tree = await sharedStore(ctx, { ...share, isDrop })
  const counted = new CountedStore(tree, () => count(ctx, share.id))
  return {
    link,
    key: userId,
    lockUserId: userId,
    isFile,
    isDrop,
    name,
    store(tokens) {
      const guarded = new LockGuardStore(counted, { locks, tokens, userId })
      return isDrop ? new DropStore(guarded) : guarded
    },
    pathOf: (names) => placeInShare({ isFile, name }, names),
  }
}

/** What a visitor came for is not kept from them because it could not be counted. */
async function count({ db, log }: ShareContext, shareId: string): Promise<void> {
  await countDownload(db, shareId).catch((err: unknown) => log.warn({ err, shareId }, 'download not counted'))
}

/** Counts the files that are fetched from their beginning. */
class CountedStore extends WrappedStore {
  private readonly count: () => Promise<void>

  constructor(next: FileStore, count: () => Promise<void>) {
    super(next)
    this.count = count
  }

  override async read(...input: Parameters<FileStore['read']>): Promise<FileContent> {
    const content = await this.next.read(...input)
    if (content.range.start === 0) await this.count()
    return content
  }
}
