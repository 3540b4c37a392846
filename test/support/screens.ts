import type { VisitorOptions } from './browser.ts'

/** The addresses of all screens of the page, for whoever goes through them: pictures, accessibility. */
export const SCREENS = [
  'files',
  'files/survey',
  'shared-with-me',
  'shared-by-me',
  'pending',
  'connections',
  'transfers',
  'transfers/endpoints',
  'transfers/schedules',
  'activity',
  'trash',
  'settings/profile',
  'settings/programs',
  'settings/sessions',
  'settings/notifications',
  'admin/system',
  'admin/users',
  'admin/groups',
  'admin/peers',
  'admin/trust',
  'admin/transfers',
  'admin/workers',
  'admin/keys',
]

/** How they are looked at. */
export const LOOKS: Record<'light' | 'dark' | 'phone', VisitorOptions> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { width: 360, height: 740 },
}
