/** What a key means in the list of files. */
export type GridAction =
  | { kind: 'go'; to: number; isRange: boolean }
  | { kind: 'open' | 'toggle' | 'all' | 'none' | 'rename' | 'delete' | 'menu' | 'up' }

interface Key {
  key: string
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

interface Where {
  active: number
  count: number
  /** Rows that fit into the window. */
  pageRows: number
}

/** Undefined for a key that means nothing here. */
export function actionOf(event: Key, where: Where): GridAction | undefined {
  const { key, shiftKey, altKey } = event
  const isCommand = event.ctrlKey || event.metaKey
  if (altKey) return key === 'ArrowUp' ? { kind: 'up' } : undefined
  if (isCommand) return key.toLowerCase() === 'a' ? { kind: 'all' } : undefined
  const to = targetOf(key, where)
  if (to !== undefined) return { kind: 'go', to, isRange: shiftKey }
  if (shiftKey) return key === 'F10' ? { kind: 'menu' } : undefined
  const kind = PLAIN[key]
  return kind === undefined ? undefined : { kind }
}

type PlainKind = Exclude<GridAction['kind'], 'go'>

const PLAIN: Partial<Record<string, PlainKind>> = {
  Enter: 'open',
  ' ': 'toggle',
  Escape: 'none',
  F2: 'rename',
  Delete: 'delete',
  ContextMenu: 'menu',
  Backspace: 'up',
}

function targetOf(key: string, { active, count, pageRows }: Where): number | undefined {
  const targets: Partial<Record<string, number>> = {
    ArrowDown: active + 1,
    ArrowUp: active - 1,
    PageDown: active + pageRows,
    PageUp: active - pageRows,
    Home: 0,
    End: count - 1,
  }
  const to = targets[key]
  return to === undefined ? undefined : Math.max(0, Math.min(count - 1, to))
}
