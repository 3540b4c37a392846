/** Texts of the screens of files. */
export const enFiles = {
  'files.title': 'Files',
} as const
