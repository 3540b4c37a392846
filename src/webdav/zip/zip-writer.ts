import { crc32 } from 'node:zlib'

/** A folder, whose name ends in a slash, or a file of exactly `sizeBytes`. */
export interface ZipMember {
  /** Less than 64 KiB of UTF-8: longer than any path here. */
  name: string
  mtimeMs: number
  sizeBytes: number
  body: Buffer | AsyncIterable<Uint8Array>
}

const MAX_16 = 0xffff
const MAX_32 = 0xffffffff
const UTF8 = 0x0800
/** Checksum and length stand behind the content. */
const BEHIND = 0x0008
const [VERSION, VERSION_64, MADE_BY] = [20, 45, 0x0300 + 45]
/** The directory is kept, and sent, in blocks. */
const BLOCK_BYTES = 64 * 1024

interface Facts extends Omit<ZipMember, 'body'> {
  offset: number
  crc: number
  flags: number
}

/**
 * The bytes of an archive of such members (PKWARE's APPNOTE 6.3), nothing of it compressed, with zip64 where
 * lengths, places or the number of members need it. Throws for a body that has another length than was said.
 */
export async function* writeZip(members: AsyncIterable<ZipMember>): AsyncGenerator<Uint8Array> {
  const directory: Buffer[] = []
  let block: Buffer[] = []
  let [count, offset, blockBytes] = [0, 0, 0]
  for await (const { body, ...member } of members) {
    const isKnown = Buffer.isBuffer(body)
    const crc = isKnown ? crc32(body) : 0
    const facts: Facts = { ...member, offset, crc, flags: isKnown ? UTF8 : UTF8 | BEHIND }
    const head = localHeader(facts)
    yield head
    facts.crc = yield* content(isKnown ? [body] : body, member.sizeBytes)
    const tail = isKnown ? undefined : descriptor(facts)
    if (tail !== undefined) yield tail
    offset += head.length + member.sizeBytes + (tail?.length ?? 0)
    count += 1
    const entry = directoryEntry(facts)
    block.push(entry)
    blockBytes += entry.length
    if (blockBytes < BLOCK_BYTES) continue
    directory.push(Buffer.concat(block))
    block = []
    blockBytes = 0
  }
  directory.push(Buffer.concat(block))
  yield* directory
  yield endOfArchive(
    count,
    directory.reduce((sum, { length }) => sum + length, 0),
    offset,
  )
}

/** Passes a body on; its checksum. */
async function* content(
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  sizeBytes: number,
): AsyncGenerator<Uint8Array, number> {
  let [left, crc] = [sizeBytes, 0]
  for await (const chunk of body) {
    left -= chunk.length
    if (left < 0) break
    crc = crc32(chunk, crc)
    yield chunk
  }
  if (left !== 0) throw new Error(`unexpected number of bytes in a file of ${sizeBytes}`)
  return crc
}

function localHeader(facts: Facts): Buffer {
  const { flags, crc, sizeBytes } = facts
  const [name, size, isLarge] = [Buffer.from(facts.name), flags & BEHIND ? 0 : sizeBytes, sizeBytes >= MAX_32]
  const more = [timeExtra(facts), isLarge ? pack('2288', 1, 16, size, size) : NONE]
  const [version, short] = isLarge ? [VERSION_64, MAX_32] : [VERSION, size]
  const times = dosTime(facts.mtimeMs)
  const lengths = [crc, short, short, name.length, lengthOf(more)]
  const fixed = pack('42222244422', 0x04034b50, version, flags, 0, ...times, ...lengths)
  return Buffer.concat([fixed, name, ...more])
}

/** Lengths have eight bytes where the header has the field of zip64. */
function descriptor({ crc, sizeBytes }: Facts): Buffer {
  return pack(sizeBytes >= MAX_32 ? '4488' : '4444', 0x08074b50, crc, sizeBytes, sizeBytes)
}

function directoryEntry(facts: Facts): Buffer {
  const { sizeBytes, offset, flags, crc } = facts
  const name = Buffer.from(facts.name)
  const large = [
    ...(sizeBytes >= MAX_32 ? [sizeBytes, sizeBytes] : []),
    ...(offset >= MAX_32 ? [offset] : []),
  ]
  const isLarge = large.length > 0
  const zip64 = isLarge ? pack(`22${'8'.repeat(large.length)}`, 1, large.length * 8, ...large) : NONE
  const more = [timeExtra(facts), zip64]
  const size = Math.min(sizeBytes, MAX_32)
  const mode = facts.name.endsWith('/') ? 0o040755 * 0x10000 + 0x10 : 0o100644 * 0x10000
  const about = [
    MADE_BY,
    isLarge ? VERSION_64 : VERSION,
    flags,
    0,
    ...dosTime(facts.mtimeMs),
    crc,
    size,
    size,
  ]
  // No comment, on the first disk, of no kind.
  const rest = [name.length, lengthOf(more), 0, 0, 0, mode, Math.min(offset, MAX_32)]
  return Buffer.concat([pack('4222222444' + '2222244', 0x02014b50, ...about, ...rest), name, ...more])
}

/** In the time of this machine, from 1980 to 2107. */
function dosTime(mtimeMs: number): [time: number, date: number] {
  const at = new Date(mtimeMs)
  const year = at.getFullYear()
  if (!(year >= 1980)) return [0, 0x0021]
  if (year > 2107) return [0, 0xff9f]
  const time = (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1)
  return [time, ((year - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate()]
}

const NONE = Buffer.alloc(0)

/** The time in seconds since 1970, which is the same everywhere, as far as four bytes hold it. */
function timeExtra({ mtimeMs }: Facts): Buffer {
  const seconds = Math.floor(mtimeMs / 1_000)
  return Math.abs(seconds) < 2 ** 31 ? pack('2214', 0x5455, 5, 1, seconds >>> 0) : NONE
}

function endOfArchive(count: number, sizeBytes: number, offset: number): Buffer {
  const [shortCount, size, place] = [
    Math.min(count, MAX_16),
    Math.min(sizeBytes, MAX_32),
    Math.min(offset, MAX_32),
  ]
  const end = pack('42222442', 0x06054b50, 0, 0, shortCount, shortCount, size, place, 0)
  if (shortCount < MAX_16 && size < MAX_32 && place < MAX_32) return end
  const about = [MADE_BY, VERSION_64, 0, 0, count, count, sizeBytes, offset]
  const record = pack('4822448888', 0x06064b50, 44, ...about)
  return Buffer.concat([record, pack('4484', 0x07064b50, 0, offset + sizeBytes, 1), end])
}

/** Numbers, little-endian, each of so many bytes as its digit in `widths` says. */
function pack(widths: string, ...values: number[]): Buffer {
  const sizes = [...widths].map(Number)
  const bytes = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0))
  let at = 0
  for (const [index, size] of sizes.entries()) {
    const value = values[index] ?? 0
    if (size === 8) bytes.writeBigUInt64LE(BigInt(value), at)
    else bytes.writeUIntLE(value, at, size)
    at += size
  }
  return bytes
}

function lengthOf(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}
