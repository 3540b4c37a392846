/** A pseudo-random number generator with a seed (mulberry32): the same world every time. */
export function newRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface SimulatedLink {
  name: string
  bytesPerSecond: number
  /** With more files than this at a time it gets slower. */
  knee: number
}

export interface Arrival {
  atMs: number
  share: string
  link: string
  priority: number
  files: number
  sizeBytes: number
}

const MIB = 1024 ** 2
const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
export const SHARES = 20

/** Twelve links between 4 and 59 MiB/s, with different knees. */
export const links: readonly SimulatedLink[] = Array.from({ length: 12 }, (_, n) => ({
  name: `site${n}.test>here`,
  bytesPerSecond: (4 + 5 * n) * MIB,
  knee: 4 + 3 * n,
}))

/** Every fourth share counts twice as much. */
export function weightOf(share: string): number {
  return Number(share.split(':')[1]) % 4 === 0 ? 100 : 50
}

/** What one file of a link gets when so many travel: the link's rate divided, less beyond its knee. */
export function rateOf(link: SimulatedLink, running: number): number {
  const excess = Math.max(0, running - link.knee) / link.knee
  return (link.bytesPerSecond * Math.max(0.3, 1 - 0.5 * excess)) / Math.max(1, running)
}

/**
 * Jobs over a year until there are `requests` files: most are small, a few are very large; days are
 * busier than nights, and four times a year everybody comes at once.
 */
export function* arrivals(requests: number, random: () => number): Generator<Arrival> {
  const meanFiles = 40
  const meanGapMs = (YEAR_MS * meanFiles) / requests
  let atMs = 0
  for (let made = 0; made < requests; ) {
    atMs += -Math.log(1 - random()) * meanGapMs * (1 / busyness(atMs))
    const files = Math.min(requests - made, Math.max(1, Math.round(meanFiles * heavyTail(random))))
    made += files
    yield {
      atMs: Math.round(atMs),
      share: `user:${Math.floor(random() ** 1.5 * SHARES)}`,
      link: (links[Math.floor(random() * links.length)] as SimulatedLink).name,
      priority: random() < 0.1 ? 90 : random() < 0.2 ? 10 : 50,
      files,
      sizeBytes: Math.round(Math.exp(random() * 9 + 13)),
    }
  }
}

function busyness(atMs: number): number {
  const hour = (atMs % DAY_MS) / 3_600_000
  const day = Math.floor(atMs / DAY_MS)
  const season = day % 91 < 3 ? 12 : 1
  return (hour > 7 && hour < 20 ? 1.5 : 0.4) * season
}

/** Mean about one, most of it in few draws. */
function heavyTail(random: () => number): number {
  return Math.min(200, 0.2 * (1 - random()) ** -0.9)
}
