import { useEffect, useState } from 'preact/hooks'

const coarse = window.matchMedia('(pointer: coarse)')
const narrow = window.matchMedia('(max-width: 720px)')

/** The height of a row in pixels: the same as in the style sheet. */
function heightNow(): number {
  return coarse.matches || narrow.matches ? 60 : 48
}

export function useRowHeight(): number {
  const [height, setHeight] = useState(heightNow())
  useEffect(() => {
    const look = () => setHeight(heightNow())
    for (const query of [coarse, narrow]) query.addEventListener('change', look)
    return () => {
      for (const query of [coarse, narrow]) query.removeEventListener('change', look)
    }
  }, [])
  return height
}
