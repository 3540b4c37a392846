/**
 * The wire form of OCM 1.4, read leniently and written strictly. Other dialects (Nextcloud,
 * ownCloud 10, oCIS, Reva) stand beside this file and offer the same functions.
 */
export {
  findPerson,
  readAcceptedInvite,
  readNotification,
  writeAcceptedInvite,
  writeNotification,
  writePerson,
} from './standard-messages.ts'
export { readShare, writeShare } from './standard-share.ts'
