/** What is chosen in a list, and the row the keyboard is on; `T` is a row, known by its path. */
export interface Selection<T> {
  active: number
  /** From where a range with Shift reaches. */
  anchor: number
  chosen: ReadonlyMap<string, T>
}

export type Rows<T> = readonly (T | undefined)[]

export const NOTHING: Selection<never> = { active: 0, anchor: 0, chosen: new Map<string, never>() }

interface Pathed {
  path: string
}

/** The keyboard goes to a row; what is chosen stays. */
export function goTo<T>(selection: Selection<T>, index: number, count: number): Selection<T> {
  const active = clamp(index, count)
  return { ...selection, active, anchor: active }
}

/** Only this row is chosen. */
export function chooseOnly<T extends Pathed>(rows: Rows<T>, index: number): Selection<T> {
  const row = rows[index]
  return { active: index, anchor: index, chosen: new Map(row === undefined ? [] : [[row.path, row]]) }
}

export function toggle<T extends Pathed>(
  selection: Selection<T>,
  rows: Rows<T>,
  index: number,
): Selection<T> {
  const row = rows[index]
  if (row === undefined) return selection
  const chosen = new Map(selection.chosen)
  if (!chosen.delete(row.path)) chosen.set(row.path, row)
  return { active: index, anchor: index, chosen }
}

/** Everything between the anchor and this row, and nothing else. */
export function chooseRange<T extends Pathed>(
  selection: Selection<T>,
  rows: Rows<T>,
  index: number,
): Selection<T> {
  const active = clamp(index, rows.length)
  const [from, to] = [Math.min(selection.anchor, active), Math.max(selection.anchor, active)]
  return { ...selection, active, chosen: byPath(rows.slice(from, to + 1)) }
}

export function chooseAll<T extends Pathed>(selection: Selection<T>, rows: Rows<T>): Selection<T> {
  return { ...selection, chosen: byPath(rows) }
}

export function chooseNone<T>(selection: Selection<T>): Selection<T> {
  return selection.chosen.size === 0 ? selection : { ...selection, chosen: new Map<string, never>() }
}

/** After rows went or came: nothing stays chosen that is known to be gone, and the keyboard stays in the list. */
export function afterChange<T extends Pathed>(
  selection: Selection<T>,
  gone: ReadonlySet<string>,
  count: number,
): Selection<T> {
  const chosen = new Map([...selection.chosen].filter(([path]) => !gone.has(path)))
  const active = clamp(selection.active, count)
  return { active, anchor: clamp(selection.anchor, count), chosen }
}

function byPath<T extends Pathed>(rows: Rows<T>): Map<string, T> {
  return new Map(rows.flatMap((row): [string, T][] => (row === undefined ? [] : [[row.path, row]])))
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index))
}
