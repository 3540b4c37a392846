import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createTestSpaces } from './support.ts'

it('a reader who goes away while the file is being opened ends nothing but that read', async () => {
  const { spaces, close } = await createTestSpaces('sqlite')
  const drive = await spaces.spaceOf('ann')
  await drive.write(['big.bin'], Readable.from([Buffer.alloc(1024 * 1024)]))
  const gone = new AbortController()
  const reading = drive.read(['big.bin'], undefined, gone.signal)
  gone.abort()
  const { body } = await reading
  // An error that nobody hears would end the process here, and with it this run.
  await nextTurn()
  await nextTurn()
  expect((body as Readable).destroyed).toBe(true)
  await close()
})
