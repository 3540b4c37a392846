import { BadRequestError } from './errors.ts'

/** The head of a part, and everything that is no file. */
const MAX_HEAD_BYTES = 16 * 1024
const MAX_PARTS = 1_000

/** One field of a form: a value, or a file when it has a file name. */
export interface FormPart {
  name: string
  /** As the browser sent it: may hold a path, of any system. */
  fileName: string | undefined
  /** What is not taken is passed over when the next part is asked for. */
  body: AsyncIterable<Buffer>
}

/**
 * The fields of a form with files (`multipart/form-data`, RFC 7578), as they come: nothing is kept in memory
 * but the piece at hand. Throws `BadRequestError` for another type, and for a body that is not whole.
 */
export async function* readFormData(
  contentType: string | undefined,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<FormPart> {
  const reader = new PartReader(bytes, parseBoundary(contentType))
  await drop(reader.untilBoundary())
  for (let count = 0; await reader.hasPart(); count++) {
    if (count >= MAX_PARTS) throw malformed('has too many parts')
    const head = await reader.readHead()
    yield { ...parseDisposition(head), body: reader.untilBoundary() }
    // Whoever left a body in the middle has ended that iterator, and not the part.
    if (!reader.isAtBoundary) await drop(reader.untilBoundary())
  }
}

/** A value of a form, in memory; longer than `maxBytes` is a `BadRequestError`. */
export async function readValue({ body }: FormPart, maxBytes = MAX_HEAD_BYTES): Promise<string> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  for await (const piece of body) {
    sizeBytes += piece.length
    if (sizeBytes > maxBytes) throw malformed('has a value that is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** RFC 2046 5.1.1: up to 70 characters. */
function parseBoundary(contentType: string | undefined): string {
  const [type = ''] = (contentType ?? '').split(';', 1)
  const match = /;\s*boundary\s*=\s*(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType ?? '')
  const boundary = match?.[1] ?? match?.[2]
  if (type.trim().toLowerCase() !== 'multipart/form-data' || boundary === undefined) {
    throw malformed('is not multipart/form-data with a boundary')
  }
  return boundary
}

async function drop(bytes: AsyncIterable<Buffer>): Promise<void> {
  for await (const _piece of bytes);
}

/** Browsers write quotation marks and line ends within names as %22, %0D and %0A (HTML, form submission). */
function parseDisposition(head: string): { name: string; fileName: string | undefined } {
  const line = /^content-disposition:\s*form-data\b(.*)$/im.exec(head)?.[1]
  const name = /;\s*name="([^"]*)"/i.exec(line ?? '')?.[1]
  if (name === undefined) throw malformed('has a part without a name')
  const fileName = /;\s*filename="([^"]*)"/i.exec(line ?? '')?.[1]
  return { name: unescapeName(name), fileName: fileName === undefined ? undefined : unescapeName(fileName) }
}

function unescapeName(text: string): string {
  return text.replaceAll('%22', '"').replace(/%0D%0A|%0D|%0A/gi, ' ')
}

class PartReader {
  private readonly source: AsyncIterator<Uint8Array>
  private readonly delimiter: Buffer
  /** The first boundary may stand at the very beginning. */
  private held = Buffer.from('\r\n')
  isAtBoundary = false

  constructor(bytes: AsyncIterable<Uint8Array>, boundary: string) {
    this.source = bytes[Symbol.asyncIterator]()
    this.delimiter = Buffer.from(`\r\n--${boundary}`)
  }

  /** The bytes before the next boundary, which is taken too. Nothing more once it was. */
  async *untilBoundary(): AsyncGenerator<Buffer> {
    this.isAtBoundary = false
    for (;;) {
      const at = this.held.indexOf(this.delimiter)
      if (at >= 0) {
        const last = this.held.subarray(0, at)
        this.held = this.held.subarray(at + this.delimiter.length)
        this.isAtBoundary = true
        if (last.length > 0) yield last
        return
      }
      const safe = Math.max(0, this.held.length - this.delimiter.length + 1)
      const piece = this.held.subarray(0, safe)
      this.held = this.held.subarray(safe)
      if (piece.length > 0) yield piece
      await this.more()
    }
  }

  /** After a boundary: false at the end of the form. */
  async hasPart(): Promise<boolean> {
    while (this.held.length < 2) await this.more()
    return this.held.toString('latin1', 0, 2) !== '--'
  }

  /** The headers of a part, as text. */
  async readHead(): Promise<string> {
    for (;;) {
      const end = this.held.indexOf('\r\n\r\n')
      if (end >= 0) {
        const head = this.held.toString('utf8', 0, end)
        this.held = this.held.subarray(end + 4)
        this.isAtBoundary = false
        return head
      }
      if (this.held.length > MAX_HEAD_BYTES) throw malformed('has a part with too long a head')
      await this.more()
    }
  }

  private async more(): Promise<void> {
    const { value, done } = await this.source.next()
    if (done) throw malformed('is not complete')
    this.held = Buffer.concat([this.held, value])
  }
}

function malformed(what: string): BadRequestError {
  return new BadRequestError(`The form ${what}. Send it again.`)
}
