import { afterEach, beforeEach, expect, it } from 'vitest'
import { WrappedStore } from '../../src/store/index.ts'
import type { Entry, StorePath, WriteOptions, WriteResult, WriteSource } from '../../src/store/types.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'

let rig: EngineRig
let store: RemoteStore

/** A store of another server: it has no staging folder, keeps no times and knows no checksums. */
class RemoteStore extends WrappedStore {
  /** Told when a copy is there for all to see, before its writer hears of it. */
  onWritten: () => void = () => undefined

  override async stagingFolder(): Promise<undefined> {
    return undefined
  }

  override async stat(path: StorePath): Promise<Entry> {
    return { ...(await super.stat(path)), checksums: {} }
  }

  /** The end of a write is heard only after somebody has ended the attempt. */
  override async write(path: StorePath, source: WriteSource, options: WriteOptions): Promise<WriteResult> {
    const { mtimeMs: _, ...others } = options
    const result = await super.write(path, source, others)
    const aborted = new Promise((resolve) => options.signal?.addEventListener('abort', resolve))
    this.onWritten()
    await aborted
    return result
  }
}

beforeEach(async () => {
  rig = await startRig({
    wrapDestination: (drive) => {
      store = new RemoteStore(drive)
      return store
    },
  })
})

afterEach(() => closeRig(rig))

it.each([
  'pauseTransfer',
  'cancelTransfer',
])('a copy that is complete is done, though %s comes before that is noted', async (operation) => {
  const { engine, source } = rig
  const content = source.put('/f', 'content')
  const asked = Promise.withResolvers<unknown>()
  const { id } = await engine.submit({ destination: { path: '/x' }, overwrite: 'never' })
  store.onWritten = () => asked.resolve(engine.call(operation, { params: { id } }))
  await asked.promise
  if (operation === 'pauseTransfer') await engine.call('resumeTransfer', { params: { id } })
  expect(await engine.ended(id)).toMatchObject({ state: 'FINISHED', files: { done: 1, canceled: 0 } })
  expect(await engine.content('/x/f')).toEqual(content)
  expect(source.gets('/f')).toHaveLength(1)
})
