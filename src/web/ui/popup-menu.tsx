import type { JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { MenuEntry, type MenuItem, onMenuKey } from './menu.tsx'

interface PopupMenuProps {
  label: string
  items: readonly MenuItem[]
  /** Where on the screen. */
  x: number
  y: number
  onClose: () => void
}

/** A menu at a place of the screen, as the right mouse button opens it; the focus goes back to where it was. */
export function PopupMenu({ label, items, x, y, onClose }: PopupMenuProps): JSX.Element {
  const ref = useRef<HTMLUListElement>(null)
  const before = useRef<Element | null>(null)
  const close = () => {
    onClose()
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true })
  }
  useLayoutEffect(() => {
    const list = ref.current
    before.current = document.activeElement
    if (list !== null) place(list, x, y)
    list?.querySelector<HTMLElement>('[role=menuitem]')?.focus({ preventScroll: true })
    const closeOutside = (event: Event) => list?.contains(event.target as Node) || onClose()
    document.addEventListener('pointerdown', closeOutside, { capture: true })
    window.addEventListener('scroll', onClose, { passive: true })
    return () => {
      document.removeEventListener('pointerdown', closeOutside, { capture: true })
      window.removeEventListener('scroll', onClose)
    }
  }, [x, y])
  return (
    <ul
      class="menu-list popup"
      role="menu"
      aria-label={label}
      ref={ref}
      onKeyDown={(event) => (event.key === 'Tab' ? close() : onMenuKey(event, ref.current, close))}
      onContextMenu={(event) => event.preventDefault()}
    >
      {items.map((item) => (
        <li key={item.label} role="none">
          <MenuEntry item={item} onDone={close} />
        </li>
      ))}
    </ul>
  )
}

/** Beside the place, turned back into the window where it would stand out of it. */
function place(list: HTMLElement, x: number, y: number): void {
  const { width, height } = list.getBoundingClientRect()
  const margin = 8
  const left = Math.max(margin, Math.min(x, window.innerWidth - width - margin))
  const top = Math.max(margin, Math.min(y, window.innerHeight - height - margin))
  list.style.setProperty('left', `${left}px`)
  list.style.setProperty('top', `${top}px`)
}
