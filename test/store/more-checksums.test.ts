import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bytes } from './file-store-contract.ts'
import { createTestSpaces } from './support.ts'

const md5 = createHash('md5').update('text').digest('hex')
const sha1 = createHash('sha1').update('text').digest('hex')

it('checksums that the operator wants are computed for every file, however it comes', async () => {
  const test = await createTestSpaces('sqlite', { moreChecksums: ['md5', 'sha1'] })
  const written = await test.store.write(['f'], bytes('text'))
  expect(written.entry.checksums).toMatchObject({ md5, sha1 })
  expect(Object.keys(written.entry.checksums).sort()).toEqual(['adler32', 'md5', 'sha1', 'sha256'])
  const localPath = join((await test.store.stagingFolder([])) ?? '', 'staged')
  await writeFile(localPath, 'text')
  const { sha256 = '' } = written.entry.checksums
  const staged = await test.store.write(['g'], { staged: { localPath, sizeBytes: 4, checksums: { sha256 } } })
  expect(staged.entry.checksums).toEqual(written.entry.checksums)
  await test.close()
})
