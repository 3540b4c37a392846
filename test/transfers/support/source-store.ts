import { NotFoundError } from '../../../src/platform/errors.ts'
import { formatPath } from '../../../src/store/paths.ts'
import type { Entry, FileStore, StorePath } from '../../../src/store/types.ts'

/** The FileStore of a `SourceServer`, as the shares room would offer a received share: read only. */
export function createSourceStore(baseUrl: string): FileStore {
  const ask = async (path: StorePath): Promise<{ entry: Entry; members: Entry[] }> => {
    const answer = await fetch(`${baseUrl}/.entry?path=${encodeURIComponent(formatPath(path))}`)
    if (answer.status === 404) throw new NotFoundError('There is nothing at the source.')
    return (await answer.json()) as { entry: Entry; members: Entry[] }
  }
  const refuse = async (): Promise<never> => {
    throw new Error('the source is read only')
  }
  return {
    stat: async (path) => (await ask(path)).entry,
    list: async (path) => (await ask(path)).members,
    read: refuse,
    write: refuse,
    makeCollection: refuse,
    move: refuse,
    copy: refuse,
    remove: refuse,
    changeProperties: refuse,
    quota: async () => ({ usedBytes: 0 }),
    locate: async (path) => ({ scope: 'share:test', path }),
    stagingFolder: async () => undefined,
  }
}
