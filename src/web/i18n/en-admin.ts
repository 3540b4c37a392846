/** Texts of the screens of admin. */
export const enAdmin = {
  'admin.title': 'Admin',
} as const
