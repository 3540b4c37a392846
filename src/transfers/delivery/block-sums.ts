import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

const MIN_BLOCK_BYTES = 1024 * 1024
const MAX_BLOCKS = 8000
/** So many blocks are read again, besides the first and the last. */
const SAMPLES = 6

/** CRC-32 of the whole blocks of a file from `first` on; the last may be shorter. */
export interface Blocks {
  blockBytes: number
  first: number
  crcs: number[]
}

/** How long the blocks of a file of this size are. */
export function blockBytesOf(sizeBytes: number): number {
  return Math.max(MIN_BLOCK_BYTES, Math.ceil(sizeBytes / MAX_BLOCKS))
}

/** Sums the blocks of a file while its bytes go by. */
export class BlockSums {
  private readonly blockBytes: number
  private first: number
  private at: number
  private crc = 0
  private crcs: number[] = []

  constructor(sizeBytes: number, startBytes: number) {
    this.blockBytes = blockBytesOf(sizeBytes)
    this.at = startBytes
    this.first = Math.ceil(startBytes / this.blockBytes)
  }

  /** The source began again at its first byte. */
  reset(): void {
    this.at = this.first = this.crc = 0
    this.crcs = []
  }

  update(chunk: Uint8Array): void {
    let rest = chunk
    while (rest.length > 0) {
      const room = this.blockBytes - (this.at % this.blockBytes)
      const piece = rest.subarray(0, room)
      // What comes before the first whole block is not summed.
      if (this.at >= this.first * this.blockBytes) this.crc = crc32(piece, this.crc)
      this.at += piece.length
      rest = rest.subarray(piece.length)
      if (this.at % this.blockBytes === 0) this.endBlock()
    }
  }

  blocks(): Blocks {
    const isBegun = this.at % this.blockBytes !== 0 && this.at > this.first * this.blockBytes
    const crcs = isBegun ? [...this.crcs, this.crc] : [...this.crcs]
    return { blockBytes: this.blockBytes, first: this.first, crcs }
  }

  private endBlock(): void {
    if (this.at > this.first * this.blockBytes) this.crcs.push(this.crc)
    this.crc = 0
  }
}

/** Which blocks are read again: first, last, and some by lot. */
export function sampleOf(count: number, random: () => number): number[] {
  if (count === 0) return []
  const chosen = new Set([0, count - 1])
  for (let n = 0; n < SAMPLES; n++) chosen.add(Math.floor(random() * count))
  return [...chosen].sort((a, b) => a - b)
}

/** Reads some blocks of a file again; the number of the first that is another one, undefined when all are right. */
export async function findWrongBlock(
  path: string,
  blocks: Blocks,
  random: () => number,
): Promise<number | undefined> {
  const file = await open(path, 'r')
  try {
    for (const index of sampleOf(blocks.crcs.length, random)) {
      const number = blocks.first + index
      if ((await crcOf(file, number * blocks.blockBytes, blocks.blockBytes)) !== blocks.crcs[index])
        return number
    }
    return undefined
  } finally {
    await file.close()
  }
}

async function crcOf(file: FileHandle, start: number, length: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(length, MIN_BLOCK_BYTES))
  let crc = 0
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, length - done), start + done)
    if (bytesRead === 0) break
    crc = crc32(buffer.subarray(0, bytesRead), crc)
    done += bytesRead
  }
  return crc
}
