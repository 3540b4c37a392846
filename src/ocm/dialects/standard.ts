/**
 * The messages of OCM, read leniently in every form that is on the wire, and written per peer: OCM 1.4
 * and before, Nextcloud, ownCloud 10, oCIS and OpenCloud, Reva.
 */
export { dialectOf, isClassic, nextDialect } from './dialect.ts'
export { findPerson, readAcceptedInvite, writeAcceptedInvite, writePerson } from './invites.ts'
export { findNotificationAnswer, readNotification } from './read-notification.ts'
export { EXCHANGE_TOKEN } from './read-protocol.ts'
export { readShare } from './read-share.ts'
export { noticeFor, writeNotification, writeNotificationAnswer } from './write-notification.ts'
export { offersTo, takesData, writeShare } from './write-share.ts'
