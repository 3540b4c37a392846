import { BadRequestError } from '../platform/errors.ts'

/** One condition of a list: the resource has this state (or, negated, has it not). */
export interface IfCondition {
  negated: boolean
  kind: 'token' | 'etag'
  /** The state token (a URI), or the opaque part of the entity tag. */
  value: string
}

/** Conditions that must all hold, on the tagged resource or, without a tag, on the one requested. */
export interface IfList {
  tag?: string
  conditions: IfCondition[]
}

/** What is true of a resource now. */
export interface ResourceState {
  /** Undefined where nothing stands. */
  etag?: string
  /** Tokens of the locks that cover it. */
  tokens: readonly string[]
}

/** Enough for every client; the header itself is bounded by the HTTP parser. */
const MAX_CONDITIONS = 200

/** Reads an `If` header (RFC 4918 10.4); what does not follow its grammar is `BadRequestError`. */
export function parseIfHeader(header: string): IfList[] {
  const scanner = new Scanner(header)
  const lists: IfList[] = []
  let tag: string | undefined
  let count = 0
  while (!scanner.atEnd()) {
    if (scanner.peek() === '<') {
      if (lists.length > 0 && tag === undefined) throw malformed('mixes tagged and untagged lists')
      tag = scanner.readBetween('<', '>')
      if (scanner.peek() !== '(') throw malformed('has a resource without a list')
    }
    const conditions = readList(scanner)
    count += conditions.length
    if (count > MAX_CONDITIONS) throw malformed(`has more than ${MAX_CONDITIONS} conditions`)
    lists.push(tag === undefined ? { conditions } : { tag, conditions })
  }
  if (lists.length === 0) throw malformed('is empty')
  return lists
}

function readList(scanner: Scanner): IfCondition[] {
  scanner.expect('(')
  const conditions: IfCondition[] = []
  while (scanner.peek() !== ')') {
    const negated = scanner.readWord('not')
    if (scanner.peek() === '<') {
      conditions.push({ negated, kind: 'token', value: scanner.readBetween('<', '>') })
    } else {
      const text = scanner.readBetween('[', ']')
      const etag = /^(?:W\/)?"([^"]*)"$/.exec(text.trim())?.[1]
      if (etag === undefined) throw malformed('has an entity tag without quotes')
      conditions.push({ negated, kind: 'etag', value: etag })
    }
  }
  scanner.expect(')')
  if (conditions.length === 0) throw malformed('has an empty list')
  return conditions
}

class Scanner {
  private readonly text: string
  private position = 0

  constructor(text: string) {
    this.text = text
  }

  peek(): string {
    while (/\s/.test(this.text[this.position] ?? '')) this.position++
    return this.text[this.position] ?? ''
  }

  atEnd(): boolean {
    return this.peek() === ''
  }

  expect(character: string): void {
    if (this.peek() !== character) throw malformed(`lacks a ${character}`)
    this.position++
  }

  readBetween(open: string, close: string): string {
    this.expect(open)
    const end = this.text.indexOf(close, this.position)
    if (end < 0) throw malformed(`lacks a ${close}`)
    const inside = this.text.slice(this.position, end)
    this.position = end + 1
    return inside
  }

  readWord(word: string): boolean {
    this.peek()
    const found = this.text.slice(this.position, this.position + word.length).toLowerCase() === word
    if (found) this.position += word.length
    return found
  }
}

function malformed(how: string): BadRequestError {
  return new BadRequestError(`The If header ${how}.`, { code: 'INVALID_IF' })
}

/** Every state token that stands in the header: a client submits a token by naming it (RFC 4918 6.5). */
export function submittedTokens(lists: readonly IfList[]): string[] {
  const tokens = lists.flatMap((list) => list.conditions).filter((condition) => condition.kind === 'token')
  return [...new Set(tokens.map((condition) => condition.value))]
}

/** The different resources the header speaks of; undefined for the one requested. */
export function taggedResources(lists: readonly IfList[]): (string | undefined)[] {
  return [...new Set(lists.map((list) => list.tag))]
}

/** True when one list holds completely (RFC 4918 10.4.3). `stateOf` knows every tag of the header. */
export function isIfSatisfied(
  lists: readonly IfList[],
  stateOf: (tag: string | undefined) => ResourceState,
): boolean {
  return lists.some((list) => {
    const state = stateOf(list.tag)
    return list.conditions.every((condition) => isTrue(condition, state) !== condition.negated)
  })
}

/** `DAV:no-lock` needs no rule of its own: it is a token that nothing ever has (RFC 4918 10.4.8). */
function isTrue(condition: IfCondition, state: ResourceState): boolean {
  return condition.kind === 'etag' ? state.etag === condition.value : state.tokens.includes(condition.value)
}
