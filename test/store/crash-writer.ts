import { systemClock } from '../../src/platform/clock.ts'
import { openDb } from '../../src/platform/db.ts'
import { createSpaces } from '../../src/store/index.ts'

/** A process that changes a drive without pause until it is killed: `crash-writer.ts <database> <folder>`. */
const [file, folder] = process.argv.slice(2) as [string, string]
const db = openDb({ client: 'sqlite', file })
const spaces = createSpaces({ db, clock: systemClock, config: { folder, fsync: 'never' } })
const store = await spaces.spaceOf('ann')

/** One letter, repeated; its length follows from the letter, so that a part is never taken for the whole. */
async function* content(letter: string): AsyncGenerator<Uint8Array> {
  const lengthBytes = (letter.charCodeAt(0) - 96) * 13_001
  for (let at = 0; at < lengthBytes; at += 10_000) {
    yield Buffer.alloc(Math.min(10_000, lengthBytes - at), letter)
  }
}

const pick = (letters: string) => letters[Math.floor(Math.random() * letters.length)] as string
const act = async (): Promise<unknown> => {
  const [from, to] = [[pick('ABC')], [pick('ABCDE')]]
  const kind = pick('wwwwmcr')
  if (kind === 'w') return await store.write(from, content(pick('abcdefghijklmnop')))
  if (kind === 'm') return await store.move(from, to, { overwrite: true })
  if (kind === 'c') return await store.copy(from, to, { overwrite: true })
  return await store.remove(to)
}

for (const letter of ['A', 'B', 'C']) await store.write([letter], content('a'))
process.stdout.write('ready\n')
const lane = async () => {
  while (true) await act().catch(() => undefined) // names come and go; any refusal is fine here
}
await Promise.all([lane(), lane(), lane()])
