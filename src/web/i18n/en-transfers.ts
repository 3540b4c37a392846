/** Texts of the screens of transfers. */
export const enTransfers = {
  'transfers.title': 'Transfers',
} as const
