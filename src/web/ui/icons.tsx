import type { JSX } from 'preact'

/** Paths of 20 × 20 line drawings, by what they mean. */
const PATHS = {
  folder: 'M2.5 5.5a1 1 0 0 1 1-1h4l2 2h7a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1z',
  file: 'M5 2.5h6l4 4v11H5zM11 2.5v4h4',
  image: 'M3 4h14v12H3zM3 13.5l4-4 4 4 2.5-2.5L17 14M12.8 7.6h.01',
  text: 'M5 2.5h6l4 4v11H5zM11 2.5v4h4M7.5 10h5M7.5 13h5',
  audio:
    'M7.5 15.5a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM7.5 15.5V4.500l9-2v11M16.500 13.500a2 2 0 1 1-4 0 2 2 0 0 1 4 0z',
  video: 'M2.500 5h15v10h-15zM8.500 7.700v4.600l4-2.300z',
  move: 'M2.500 5.500a1 1 0 0 1 1-1h4l2 2h7a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1zM7 11.500h6M10.500 9l2.500 2.500-2.500 2.500',
  restore: 'M7.500 4L4 7.500 7.500 11M4 7.500h8a4.500 4.500 0 0 1 0 9H8',
  send: 'M3 10L17 3.500 13 17l-3-5.500zM10 11.500l7-8',
  plug: 'M7 3v4M13 3v4M5 7h10v3a5 5 0 0 1-10 0zM10 15v3',
  archive: 'M4 3h12v14H4zM10 3v2M10 7v2M10 11v2',
  link: 'M8 12l4-4M7 9l-2 2a2.8 2.8 0 0 0 4 4l2-2M13 11l2-2a2.8 2.8 0 0 0-4-4L9 7',
  share:
    'M14.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5.5 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM14.5 17.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.3 9l5.4-3.4M7.3 11l5.4 3.4',
  people:
    'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c.4-3 2.6-4.6 5.5-4.6s5.100 1.600 5.500 4.600M13 3.900a3 3 0 0 1 0 5.300M15.400 12.600c1.500.700 2.400 2 2.600 3.900',
  inbox: 'M3 11l2.500-7h9L17 11v5H3zM3 11h4l1 2h4l1-2h4',
  outbox: 'M3 11v5h14v-5M10 12.500V3M6.500 6.500L10 3l3.500 3.500',
  pending: 'M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15zM10 5.500V10l3 2',
  transfers: 'M3 7h12M12 3.500L15.500 7 12 10.500M17 13H5M8 9.500L4.500 13 8 16.500',
  activity: 'M2.500 10h3.500l2-5.500 4 11 2-5.500h3.500',
  trash: 'M3.500 5.500h13M8 5.500v-2h4v2M5 5.500l.800 12h8.400l.800-12M8.500 9v5M11.500 9v5',
  settings: 'M3 5.500h8M15 5.500h2M13 3.500v4M3 14.500h2M9 14.500h8M7 12.500v4M3 10h10M17 10h0M15 8v4',
  admin: 'M10 2.500l6 2.500v4.500c0 4-2.500 6.700-6 8-3.500-1.300-6-4-6-8V5z',
  more: 'M4.500 9.500v1M10 9.500v1M15.500 9.500v1M4 10h1M9.500 10h1M15 10h1',
  close: 'M5 5l10 10M15 5L5 15',
  check: 'M4 10.500l4 4 8-9',
  plus: 'M10 4v12M4 10h12',
  search: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.500 13.500L17 17',
  upload: 'M10 13V4M6 7.500L10 3.500l4 4M3.500 13v3.500h13V13',
  download: 'M10 3.500v9M6 9l4 4 4-4M3.500 13v3.500h13V13',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  pause: 'M7 4.500v11M13 4.500v11',
  play: 'M6 4l10 6-10 6z',
  retry: 'M15.500 6A6.500 6.500 0 1 0 16.500 10M16 2.500V6.500h-4',
  warning: 'M10 3l7.500 13.500h-15zM10 8v4M10 14.300h.010',
  info: 'M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15zM10 9v5M10 6.200h.010',
  menu: 'M3 5.500h14M3 10h14M3 14.500h14',
  up: 'M5 12l5-5 5 5',
  down: 'M5 8l5 5 5-5',
  right: 'M8 5l5 5-5 5',
  left: 'M12 5l-5 5 5 5',
  key: 'M12.500 10.500a3.500 3.500 0 1 0-3.300-2.300L3 14.500V17h3v-2h2v-2l2-2c.800-.300 1.600-.500 2.500-.500zM13.500 6.500h.010',
  user: 'M10 9.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3.500 17.500c.500-3.500 3-5.500 6.500-5.500s6 2 6.500 5.500',
  globe:
    'M10 17.500a7.500 7.500 0 1 0 0-15 7.500 7.500 0 0 0 0 15zM2.500 10h15M10 2.500c2.500 2.500 2.500 12.500 0 15M10 2.500c-2.500 2.500-2.500 12.500 0 15',
  edit: 'M4 16l1-4 8.500-8.500 3 3L8 15z',
  eye: 'M2 10c2-3.700 4.700-5.500 8-5.500s6 1.800 8 5.500c-2 3.700-4.700 5.500-8 5.500S4 13.700 2 10zM10 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  signOut: 'M8 3.500H4v13h4M8 10h9M13.500 6.500L17 10l-3.500 3.500',
  history: 'M4.500 6A6.500 6.500 0 1 1 3.500 10M4 2.500V6.500h4M10 6.500V10l2.500 2',
  bell: 'M5 14V9a5 5 0 0 1 10 0v5l1.500 1.500h-13zM8.500 17.500h3',
  mail: 'M2.500 4.500h15v11h-15zM3 5l7 6 7-6',
  grid: 'M3.500 3.500h5v5h-5zM11.500 3.500h5v5h-5zM3.500 11.500h5v5h-5zM11.500 11.500h5v5h-5z',
} as const

export type IconName = keyof typeof PATHS

interface IconProps {
  name: IconName
  /** What it says to those who cannot see it; without it the icon is decoration. */
  label?: string
  class?: string
}

export function Icon({ name, label, class: extra = '' }: IconProps): JSX.Element {
  const says =
    label === undefined ? { 'aria-hidden': true as const } : { role: 'img' as const, 'aria-label': label }
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 20 20" {...says}>
      <path d={PATHS[name]} />
    </svg>
  )
}
