import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface WindowListProps<T> {
  items: readonly T[]
  /** Height of every row in pixels. */
  rowHeight: number
  keyOf: (item: T, index: number) => string
  row: (item: T, index: number) => ComponentChildren
  /** Called when the reader comes near the end. */
  onNearEnd?: () => unknown
  /** Which rows are in sight now, with some beyond; from the first until before the last. */
  onSeen?: (first: number, last: number) => unknown
  /** Keeps this row in sight: the one the keyboard is on. */
  activeIndex?: number | undefined
  label: string
}

const BEYOND = 12

/** A list of any length: only the rows in sight, and some beyond, are in the document. */
export function WindowList<T>(props: WindowListProps<T>): JSX.Element {
  const { items, rowHeight, keyOf, row, onNearEnd, onSeen, activeIndex, label } = props
  const ref = useRef<HTMLDivElement>(null)
  const { first, last } = useWindow(ref, rowHeight, items.length)
  useEffect(() => {
    if (last >= items.length - BEYOND) onNearEnd?.()
  }, [last, items.length, onNearEnd])
  useEffect(() => void onSeen?.(first, last), [first, last, onSeen])
  useEffect(() => {
    if (activeIndex !== undefined && ref.current !== null) reveal(ref.current, activeIndex, rowHeight)
  }, [activeIndex, rowHeight])
  useEffect(() => {
    ref.current?.style.setProperty('block-size', `${items.length * rowHeight}px`)
  }, [items.length, rowHeight])
  return (
    <div class="window-list" ref={ref} role="rowgroup" aria-label={label}>
      {items.slice(first, last).map((item, offset) => (
        <Row key={keyOf(item, first + offset)} top={(first + offset) * rowHeight} height={rowHeight}>
          {row(item, first + offset)}
        </Row>
      ))}
    </div>
  )
}

function Row({
  top,
  height,
  children,
}: {
  top: number
  height: number
  children: ComponentChildren
}): JSX.Element {
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // By script, because the page's policy takes no style from markup.
    ref.current?.style.setProperty('transform', `translateY(${top}px)`)
    ref.current?.style.setProperty('block-size', `${height}px`)
  }, [top, height])
  return (
    <div class="window-row" ref={ref} role="presentation">
      {children}
    </div>
  )
}

/** Which rows the window shows, followed as the page scrolls or changes its size. */
function useWindow(ref: { current: HTMLElement | null }, rowHeight: number, count: number) {
  const [seen, setSeen] = useState({ first: 0, last: Math.min(count, 60) })
  useEffect(() => {
    const look = () => {
      const top = -(ref.current?.getBoundingClientRect().top ?? 0)
      const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND)
      const last = Math.min(count, Math.ceil((top + window.innerHeight) / rowHeight) + BEYOND)
      setSeen((old) => (old.first === first && old.last === last ? old : { first, last }))
    }
    look()
    window.addEventListener('scroll', look, { passive: true, capture: true })
    window.addEventListener('resize', look)
    return () => {
      window.removeEventListener('scroll', look, { capture: true })
      window.removeEventListener('resize', look)
    }
  }, [ref, rowHeight, count])
  return { first: Math.min(seen.first, count), last: Math.min(seen.last, count) }
}

function reveal(list: HTMLElement, index: number, rowHeight: number): void {
  const top = list.getBoundingClientRect().top + index * rowHeight
  const margin = rowHeight * 2
  if (top < margin) window.scrollBy({ top: top - margin })
  else if (top + margin > window.innerHeight) window.scrollBy({ top: top + margin - window.innerHeight })
}
