import { ApiProblem } from '../../client/errors.ts'

interface Refusal {
  status: number
  text: string
  headers: { get(name: string): string | null }
}

/** Words for what the XML element of a refusal says (RFC 4918 16, RFC 4331 6). */
const CODES: readonly [RegExp, string][] = [
  [/quota-not-exceeded/, 'QUOTA_EXCEEDED'],
  [/sufficient-disk-space/, 'DISK_FULL'],
  [/lock-token-submitted|no-conflicting-lock/, 'LOCKED'],
]

/** A refusal of WebDAV as the same kind of error as one of the API: its `s:message` is what people read. */
export function davProblem({ status, text, headers }: Refusal): ApiProblem {
  const fields = parseProblem(text)
  const message = /<s:message>([\s\S]*?)<\/s:message>/.exec(text)?.[1]
  const retryAfter = Number(headers.get('Retry-After') ?? Number.NaN)
  return new ApiProblem({
    status,
    code: fields.code ?? CODES.find(([element]) => element.test(text))?.[1] ?? `HTTP_${status}`,
    detail: fields.detail ?? (message === undefined ? `The node answered ${status}.` : unescapeText(message)),
    requestId: headers.get('X-Request-Id') ?? undefined,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  })
}

/** Some refusals come from before WebDAV, as problem+json. */
function parseProblem(text: string): { code?: string; detail?: string } {
  try {
    const { code, detail } = JSON.parse(text) as Record<string, unknown>
    return {
      ...(typeof code === 'string' ? { code } : {}),
      ...(typeof detail === 'string' ? { detail } : {}),
    }
  } catch {
    return {}
  }
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function unescapeText(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole
    const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole
  })
}

/** Something the page itself refuses, in the words to show. */
export function pageProblem(code: string, detail: string): ApiProblem {
  return new ApiProblem({ status: 0, code, detail })
}
