import { afterEach, expect, it } from 'vitest'
import { formatPath } from '../../src/store/paths.ts'
import type { FileStore, StorePath } from '../../src/store/types.ts'
import { stageOf } from '../../src/transfers/stage-slots.ts'
import { closeRig, type EngineRig, startRig } from './support/engine-rig.ts'
import { insertUser } from './support/test-engine.ts'

const POLL = { timeout: 20_000 }
const MIB = 1024 * 1024
let rig: EngineRig | undefined
let release = () => {}

interface Queues {
  slots: object
  outsideOfSlots: { preparing: number; waiting: number; finishing: number }
}

/** A drive that answers nothing about the folder `/slow` before it is released. */
function slowly(drive: FileStore, method: 'stat' | 'write'): FileStore {
  const { promise, resolve } = Promise.withResolvers<void>()
  release = resolve
  const wait = async (path: StorePath) => {
    if (path[0] === 'slow' && path.length > 1) await promise
  }
  return new Proxy(drive, {
    get(target, name) {
      const found = Reflect.get(target, name)
      if (typeof found !== 'function') return found
      const bound = found.bind(target)
      if (name !== method) return bound
      return async (path: StorePath, ...more: unknown[]) => {
        await wait(path)
        return bound(path, ...more)
      }
    },
  })
}

async function start(method: 'stat' | 'write', config: object): Promise<void> {
  rig = await startRig({ config, wrapDestination: (drive) => slowly(drive, method) })
  await insertUser(present().database.db, 'user-2')
}

function items(folder: string, count: number) {
  return Array.from({ length: count }, (_, n) => {
    present().source.put(`/${folder}/f${n}`, Buffer.alloc(MIB + n, n))
    const path = formatPath([folder, `f${n}`])
    return { source: { shareId: 's1', path }, destination: { path } }
  })
}

async function submit(folder: string, count: number, userId: string): Promise<string> {
  const all = items(folder, count)
  const [first] = all as [(typeof all)[number]]
  return (await present().engine.transfers.submit(userId, { ...first, items: all })).id
}

async function outside() {
  return ((await present().engine.call('showTransferQueues', {})) as Queues).outsideOfSlots
}

function jobOf(id: string, userId: string) {
  return present().engine.call('getTransfer', { params: { id } }, userId)
}

function present(): EngineRig {
  if (rig === undefined) throw new Error('nothing was started')
  return rig
}

afterEach(async () => {
  release()
  if (rig !== undefined) await closeRig(rig)
  rig = undefined
})

it.each([
  ['stat', 'preparing'],
  ['write', 'finishing'],
] as const)('a slow %s at the destination leaves the slots to others', async (method, what) => {
  await start(method, { slots: 3, emergencySlots: 0 })
  const slow = await submit('slow', 2, 'user-1')
  await expect.poll(outside, POLL).toMatchObject({ [what]: 2 })
  const quick = await submit('quick', 6, 'user-2')
  await expect.poll(() => jobOf(quick, 'user-2'), POLL).toMatchObject({ state: 'FINISHED' })
  expect(await jobOf(slow, 'user-1')).not.toHaveProperty('finishedAt')
  release()
  expect(await present().engine.ended(slow)).toMatchObject({ state: 'FINISHED', files: { done: 2 } })
  expect(await outside()).toEqual({ preparing: 0, waiting: 0, finishing: 0 })
})

it('no share takes more of them than it leaves to the others', async () => {
  await start('stat', { slots: 20, emergencySlots: 0, stageSlots: { preProcess: 4, postProcess: 4 } })
  const first = await submit('slow', 8, 'user-1')
  await expect.poll(outside, POLL).toMatchObject({ preparing: 2 })
  const second = await submit('slow/b', 8, 'user-2')
  await expect.poll(outside, POLL).toMatchObject({ preparing: 3 })
  release()
  for (const [id, userId] of [[first, 'user-1'] as const, [second, 'user-2'] as const])
    await expect.poll(() => jobOf(id, userId), POLL).toMatchObject({ state: 'FINISHED' })
})

it('who is ready waits for a slot, and is ended there by a cancel', async () => {
  await start('stat', { slots: 2, emergencySlots: 0 })
  const slow = await submit('slow', 1, 'user-1')
  await expect.poll(outside, POLL).toMatchObject({ preparing: 1 })
  present().source.misbehave('/stuck/f0', { kind: 'stall', afterBytes: 1000 })
  const stuck = await submit('stuck', 1, 'user-2')
  await expect.poll(() => present().source.gets('/stuck/f0').length, POLL).toBe(1)
  release()
  await expect.poll(outside, POLL).toEqual({ preparing: 0, waiting: 1, finishing: 0 })
  await present().engine.call('cancelTransfer', { params: { id: slow } })
  expect(await present().engine.ended(slow)).toMatchObject({ state: 'CANCELED' })
  expect(present().source.gets('/slow/f0')).toEqual([])
  await present().engine.call('cancelTransfer', { params: { id: stuck } }, 'user-2')
})

it('knows the stage of every state', () => {
  expect(stageOf('NEW')).toBe('pre')
  expect(stageOf('STAGE_PREPARE')).toBe('pre')
  expect(stageOf('TRANSFER')).toBe('delivery')
  expect(stageOf('REGISTER_REPLICA')).toBe('post')
  expect(stageOf('PROCESS_CACHE')).toBe('post')
})
