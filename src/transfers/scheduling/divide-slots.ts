/** A share as far as dividing slots goes: its weight, and how many slots it could fill. */
export interface SlotDemand {
  name: string
  /** Above 0; twice the weight is twice the slots. */
  weight: number
  /** Slots it could fill now, what it holds included; a whole number. */
  demandSlots: number
}

interface Open extends SlotDemand {
  quota: number
  isFixed: boolean
}

/**
 * Divides `slots` among the shares that want any, as ARC does, by weight: none gets more than it asks
 * for, each gets one at least, and what a modest share leaves goes to the others by weight again. Rounded
 * by largest remainder, so that each share is less than one slot from its exact part.
 *
 * With fewer slots than shares each is entitled to one all the same; who really gets one is decided when
 * files are taken (`takeFairQueues`). Equal remainders: the heavier share first, then by name.
 *
 * @returns slots by name; shares without demand are not in it
 */
export function divideSlots(slots: number, shares: readonly SlotDemand[]): Map<string, number> {
  const open = shares
    .filter((share) => share.demandSlots > 0)
    .map((share): Open => ({ ...share, quota: 1, isFixed: false }))
  const total = sum(open, (share) => share.demandSlots)
  if (slots > open.length) fixQuotas(Math.min(slots, total), open)
  return roundQuotas(open)
}

/**
 * Finds the one scale at which weight × scale, held between 1 and the demand, sums to the slots. Each
 * round fixes the shares at the bound that is violated more: freeing the other side could undo them
 * (CSS flexible box layout 9.7 resolves lengths in the same way).
 */
function fixQuotas(slots: number, shares: readonly Open[]): void {
  for (;;) {
    const free = shares.filter((share) => !share.isFixed)
    if (free.length === 0) return
    const left = slots - sum(shares, (share) => (share.isFixed ? share.quota : 0))
    const scale = left / sum(free, (share) => share.weight)
    for (const share of free) share.quota = share.weight * scale
    const low = free.filter((share) => share.quota < 1)
    const high = free.filter((share) => share.quota > share.demandSlots)
    if (low.length + high.length === 0) return
    const excess =
      sum(low, (share) => 1 - share.quota) - sum(high, (share) => share.quota - share.demandSlots)
    if (excess >= 0) fix(low, () => 1)
    if (excess <= 0) fix(high, (share) => share.demandSlots)
  }
}

function fix(shares: readonly Open[], quotaOf: (share: Open) => number): void {
  for (const share of shares) {
    share.quota = quotaOf(share)
    share.isFixed = true
  }
}

function roundQuotas(shares: readonly Open[]): Map<string, number> {
  // A sum of fractions that should be whole is a hair beside it.
  const target = Math.round(sum(shares, (share) => share.quota))
  const rounded = new Map(shares.map((share) => [share.name, Math.floor(share.quota + 1e-9)]))
  const remainderOf = (share: Open) => Math.round((share.quota - (rounded.get(share.name) ?? 0)) * 1e9)
  const byRemainder = shares
    .map((share) => ({ share, remainder: remainderOf(share) }))
    .sort((a, b) => b.remainder - a.remainder || compareShares(a.share, b.share))
  const spare = target - sum([...rounded.values()], (count) => count)
  for (const { share } of byRemainder.slice(0, spare)) {
    rounded.set(share.name, (rounded.get(share.name) ?? 0) + 1)
  }
  return rounded
}

/** Heavier first, then by name: an order that is the same on every machine, whatever its language. */
export function compareShares(
  a: { name: string; weight: number },
  b: { name: string; weight: number },
): number {
  return b.weight - a.weight || (a.name < b.name ? -1 : Number(a.name > b.name))
}

function sum<T>(items: readonly T[], numberOf: (item: T) => number): number {
  return items.reduce((total, item) => total + numberOf(item), 0)
}
