import type { ComponentType } from 'preact'
import { type LoadScreen, lazy } from '../lazy.tsx'
import type { Place } from '../router.ts'
import { NotFound } from './not-found.tsx'

/** The screens by the first segment of their address; each is fetched when it is first opened. */
const SCREENS: Record<string, LoadScreen> = {
  files: () => import('./files/files-screen.tsx'),
  trash: () => import('./files/trash-screen.tsx'),
  'shared-with-me': () => import('./sharing/shared-with-me.tsx'),
  'shared-by-me': () => import('./sharing/shared-by-me.tsx'),
  pending: () => import('./sharing/pending.tsx'),
  connections: () => import('./sharing/connections.tsx'),
  transfers: () => import('./transfers/transfers-screen.tsx'),
  activity: () => import('./activity/activity-screen.tsx'),
  settings: () => import('./settings/settings-screen.tsx'),
  admin: () => import('./admin/admin-screen.tsx'),
}

const known = new Map<string, ComponentType>()

/** The screen of an address; the same component every time, so that it keeps its state. */
export function screenFor({ segments }: Place): ComponentType {
  const name = segments[0] ?? 'files'
  const load = SCREENS[name]
  if (load === undefined) return NotFound
  const screen = known.get(name) ?? lazy(load)
  known.set(name, screen)
  return screen
}
