import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { BadRequestError } from '../../platform/errors.ts'
import type { WriteOptions } from '../../store/types.ts'

/** A fresh folder for the bytes of one file. */
export async function makeSpool(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return await mkdtemp(join(folder, 'rclone-'))
}

/** Writes the bytes into a local file; throws when they are not as many as declared. */
export async function spool(
  file: string,
  source: AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<string> {
  const target = createWriteStream(file, { mode: 0o600, flags: 'wx' })
  await pipeline(Readable.from(source, { objectMode: false }), target, {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const { size } = await stat(file)
  if (options.sizeBytes === undefined || options.sizeBytes === size) return file
  throw new BadRequestError(
    `The body has ${size} bytes; ${options.sizeBytes} were declared. Send it again.`,
    {
      code: 'LENGTH_MISMATCH',
    },
  )
}
