import { enAdmin } from './en-admin.ts'
import { enFiles } from './en-files.ts'
import { enSettings } from './en-settings.ts'
import { enSharing } from './en-sharing.ts'
import { enShell } from './en-shell.ts'
import { enTransfers } from './en-transfers.ts'

/** Every text of the page; one part per screen. Another language is another object with the same keys. */
export const en = {
  ...enShell,
  ...enFiles,
  ...enSharing,
  ...enTransfers,
  ...enSettings,
  ...enAdmin,
} as const
