/** Texts of the screens of settings. */
export const enSettings = {
  'settings.title': 'Settings',
} as const
