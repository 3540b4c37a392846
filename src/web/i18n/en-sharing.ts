/** Texts of the screens of sharing. */
export const enSharing = {
  'sharing.title': 'Sharing',
} as const
