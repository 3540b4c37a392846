import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { createPostgresUrl } from '../../support/databases.ts'
import { DeliveryLab } from './support/delivery-lab.ts'

const MIB = 1024 * 1024
let lab: DeliveryLab

afterEach(() => lab.close())

async function startDatabaseWorker(name: string) {
  const { config } = lab.node.node
  // YAML holds JSON.
  await writeFile(join(lab.node.folder, 'causeway.yaml'), JSON.stringify(config))
  return lab.run(['deliver', lab.node.folder, '--name', name])
}

it('a host with the database of the node takes its work from there; killed, it loses it to another', async () => {
  const url = await createPostgresUrl()
  lab = await DeliveryLab.start({ leaseSeconds: 2 }, { database: { client: 'postgres', url, poolSize: 6 } })
  const first = await startDatabaseWorker('rack-1')
  lab.source.pauseMs = 10
  const content = lab.source.put('/big', 8 * MIB)
  const job = await lab.order(['/big'])
  await lab.until(([one]) => (one?.bytesDone ?? 0) > 2 * MIB)
  lab.source.pauseMs = 1000
  const second = await startDatabaseWorker('rack-2')
  first.process.kill('SIGKILL')
  await lab.until(([one]) => one?.hostName === 'rack-2')
  lab.source.pauseMs = 0
  expect(await lab.ended(job.id)).toMatchObject({ state: 'FINISHED' })
  expect((await lab.content('/in/big')).equals(content)).toBe(true)
  expect((await lab.files(job.id))[0]).toMatchObject({ worker: 'rack-2', verified: 'size' })
  expect(lab.source.gets('/big').at(-1)?.start).toBeGreaterThanOrEqual(MIB)
  second.process.kill('SIGTERM')
  expect(await second.ended).toBe(0)
})

it('is refused where the database is a file, with what to do', async () => {
  lab = await DeliveryLab.start()
  const child = await startDatabaseWorker('x')
  expect(await child.ended).not.toBe(0)
  expect(child.log()).toContain('causeway deliver --node URL')
})
