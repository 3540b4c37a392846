/** What a transfer is for, by the registry of the SciTags initiative. */
export interface SciTag {
  experiment: number
  activity: number
}

const MIN = 65
const MAX = 65_535

/**
 * The `SciTag` header: experiment in the upper bits, activity in the lower six. A number out of range is
 * marked as nothing in particular (0, 0), as the HTTP-TPC document wants it; undefined without the header.
 */
export function parseSciTag(header: string | undefined): SciTag | undefined {
  if (header === undefined) return undefined
  const flow = /^\d{1,5}$/.test(header.trim()) ? Number(header) : 0
  if (flow < MIN || flow > MAX) return { experiment: 0, activity: 0 }
  return { experiment: flow >> 6, activity: flow & 63 }
}
