/** A value of RFC 8941 (Structured Field Values), as far as signatures and digests use them. */
export type BareItem =
  | { type: 'string'; value: string }
  | { type: 'token'; value: string }
  | { type: 'integer'; value: number }
  | { type: 'bytes'; value: Buffer }
  | { type: 'boolean'; value: boolean }

export type Parameters = Map<string, BareItem>
export interface Item {
  kind: 'item'
  value: BareItem
  params: Parameters
}
export interface InnerList {
  kind: 'list'
  items: Item[]
  params: Parameters
}

/** Reads a dictionary (RFC 8941 4.2.2). Throws `SyntaxError`. */
export function parseDictionary(text: string): Map<string, Item | InnerList> {
  const reader = new Reader(text)
  const members = new Map<string, Item | InnerList>()
  reader.skip(/ */y)
  while (!reader.atEnd()) {
    const key = reader.take(KEY)
    members.set(key, reader.skip(/=/y) ? readMember(reader) : readFlag(reader))
    reader.skip(/[ \t]*/y)
    if (reader.atEnd()) break
    reader.take(/,/y)
    reader.skip(/[ \t]*/y)
    if (reader.atEnd()) throw new SyntaxError('a dictionary ends in a comma')
  }
  return members
}

/** The canonical text of an inner list with its parameters (RFC 8941 4.1.1.1). */
export function serialiseInnerList(list: InnerList): string {
  const items = list.items.map((item) => serialiseItem(item.value) + serialiseParameters(item.params))
  return `(${items.join(' ')})${serialiseParameters(list.params)}`
}

export function serialiseItem(item: BareItem): string {
  if (item.type === 'string') return `"${item.value.replace(/[\\"]/g, '\\$&')}"`
  if (item.type === 'bytes') return `:${item.value.toString('base64')}:`
  if (item.type === 'boolean') return item.value ? '?1' : '?0'
  return String(item.value)
}

function serialiseParameters(params: Parameters): string {
  return [...params]
    .map(([key, value]) => `;${key}${isTrue(value) ? '' : `=${serialiseItem(value)}`}`)
    .join('')
}

function isTrue(item: BareItem): boolean {
  return item.type === 'boolean' && item.value
}

const KEY = /[a-z*][a-z0-9_.*-]*/y

class Reader {
  private position = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  atEnd(): boolean {
    return this.position >= this.text.length
  }

  /** The text that `pattern` (sticky) matches here; throws when it does not. */
  take(pattern: RegExp): string {
    const found = this.find(pattern)
    if (found === undefined) throw new SyntaxError(`unexpected text at position ${this.position}`)
    return found
  }

  find(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position
    const found = pattern.exec(this.text)?.[0]
    this.position += found?.length ?? 0
    return found
  }

  skip(pattern: RegExp): boolean {
    return this.find(pattern) !== undefined
  }
}

function readMember(reader: Reader): Item | InnerList {
  if (!reader.skip(/\(/y)) return readItem(reader)
  const items: Item[] = []
  reader.skip(/ */y)
  while (!reader.skip(/\)/y)) {
    items.push(readItem(reader))
    if (!reader.skip(/ +/y) && !reader.skip(/(?=\))/y)) throw new SyntaxError('an inner list is not closed')
  }
  return { kind: 'list', items, params: readParameters(reader) }
}

function readFlag(reader: Reader): Item {
  return { kind: 'item', value: { type: 'boolean', value: true }, params: readParameters(reader) }
}

function readItem(reader: Reader): Item {
  return { kind: 'item', value: readBareItem(reader), params: readParameters(reader) }
}

function readParameters(reader: Reader): Parameters {
  const params: Parameters = new Map()
  while (reader.skip(/; */y)) {
    const key = reader.take(KEY)
    params.delete(key)
    params.set(key, reader.skip(/=/y) ? readBareItem(reader) : { type: 'boolean', value: true })
  }
  return params
}

function readBareItem(reader: Reader): BareItem {
  const string = reader.find(/"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y)
  if (string !== undefined) return { type: 'string', value: string.slice(1, -1).replace(/\\(["\\])/g, '$1') }
  const bytes = reader.find(/:[A-Za-z0-9+/]*={0,2}:/y)
  if (bytes !== undefined) return { type: 'bytes', value: Buffer.from(bytes.slice(1, -1), 'base64') }
  const boolean = reader.find(/\?[01]/y)
  if (boolean !== undefined) return { type: 'boolean', value: boolean === '?1' }
  const integer = reader.find(/-?\d{1,15}(?![\d.])/y)
  if (integer !== undefined) return { type: 'integer', value: Number(integer) }
  return { type: 'token', value: reader.take(/[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y) }
}
