import { BadRequestError } from '../../platform/errors.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d

/** Takes lines and counted bytes from a stream, holding no more than a line or a piece of it. */
export class ByteReader {
  private readonly source: AsyncIterator<Buffer>
  private pending: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Buffer>) {
    this.source = source[Symbol.asyncIterator]()
  }

  /** The next line without its end, LF or CRLF; undefined at the end. Throws `BadRequestError` for a longer one. */
  async readLine(maxBytes: number): Promise<Buffer | undefined> {
    let end = this.pending.indexOf(NEWLINE)
    while (end < 0) {
      if (this.pending.length > maxBytes) throw tooLong(maxBytes)
      const searched = this.pending.length
      if (!(await this.fetch())) return searched === 0 ? undefined : this.cut(searched, searched)
      end = this.pending.indexOf(NEWLINE, searched)
    }
    if (end > maxBytes) throw tooLong(maxBytes)
    const isCrlf = end > 0 && this.pending[end - 1] === RETURN
    return this.cut(isCrlf ? end - 1 : end, end + 1)
  }

  /** The next bytes, at most so many, as they come; undefined at the end. */
  async readSome(maxBytes: number): Promise<Buffer | undefined> {
    if (this.pending.length === 0 && !(await this.fetch())) return undefined
    const length = Math.min(maxBytes, this.pending.length)
    return this.cut(length, length)
  }

  private cut(length: number, consumed: number): Buffer {
    const taken = this.pending.subarray(0, length)
    this.pending = this.pending.subarray(consumed)
    return taken
  }

  private async fetch(): Promise<boolean> {
    const { value, done } = await this.source.next()
    if (done === true) return false
    this.pending = this.pending.length === 0 ? value : Buffer.concat([this.pending, value])
    return true
  }
}

function tooLong(maxBytes: number): BadRequestError {
  return new BadRequestError(`A line of the multipart body is longer than ${maxBytes} bytes.`, {
    code: 'INVALID_MULTIPART',
  })
}
