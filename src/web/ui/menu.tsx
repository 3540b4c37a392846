import type { JSX } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { IconButton } from './button.tsx'
import { Icon, type IconName } from './icons.tsx'
import { showError } from './toasts.tsx'

export interface MenuItem {
  label: string
  icon?: IconName
  /** Goes there instead of doing something. */
  href?: string
  download?: boolean
  run?: () => unknown
  tone?: 'danger'
  disabled?: boolean
}

interface MenuProps {
  label: string
  icon?: IconName
  items: readonly MenuItem[]
}

/** A button with a list of actions; arrows, Home, End and Escape work as in any menu (ARIA menu button). */
export function Menu({ label, icon = 'more', items }: MenuProps): JSX.Element {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const id = useId()
  useLayoutEffect(() => {
    if (!isOpen) return
    itemsOf(root.current)[0]?.focus()
    const closeOutside = (event: Event) => root.current?.contains(event.target as Node) || setOpen(false)
    document.addEventListener('pointerdown', closeOutside)
    return () => document.removeEventListener('pointerdown', closeOutside)
  }, [isOpen])
  const close = () => {
    setOpen(false)
    root.current?.querySelector('button')?.focus()
  }
  return (
    <div class="menu" ref={root} onKeyDown={(event) => isOpen && onMenuKey(event, root.current, close)}>
      <IconButton icon={icon} label={label} expanded={isOpen} onClick={() => setOpen(!isOpen)} />
      {isOpen && (
        <ul class="menu-list" role="menu" id={id} aria-label={label}>
          {items.map((item) => (
            <li key={item.label} role="none">
              <MenuEntry item={item} onDone={close} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** One action of a menu. */
export function MenuEntry({ item, onDone }: { item: MenuItem; onDone: () => void }): JSX.Element {
  const { label, icon, href, download, run, tone, disabled = false } = item
  const content = (
    <>
      {icon !== undefined && <Icon name={icon} />}
      <span>{label}</span>
    </>
  )
  const shared = { role: 'menuitem' as const, tabIndex: -1, class: `menu-item ${tone ?? ''}` }
  if (href !== undefined) {
    return (
      <a {...shared} href={href} {...(download === true ? { download: '' } : {})} onClick={onDone}>
        {content}
      </a>
    )
  }
  const act = () => {
    onDone()
    void Promise.resolve(run?.()).catch(showError)
  }
  return (
    <button type="button" {...shared} disabled={disabled} onClick={act}>
      {content}
    </button>
  )
}

function itemsOf(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)') ?? [])]
}

/** Arrows, Home, End and Escape in a list of actions. */
export function onMenuKey(event: KeyboardEvent, root: HTMLElement | null, close: () => void): void {
  const items = itemsOf(root)
  const at = items.indexOf(document.activeElement as HTMLElement)
  const target = targetOf(event.key, at, items.length)
  if (event.key === 'Escape') close()
  else if (target !== undefined) items[target]?.focus()
  else return
  event.preventDefault()
  event.stopPropagation()
}

function targetOf(key: string, at: number, count: number): number | undefined {
  if (key === 'ArrowDown') return (at + 1) % count
  if (key === 'ArrowUp') return (at - 1 + count) % count
  if (key === 'Home') return 0
  return key === 'End' ? count - 1 : undefined
}
