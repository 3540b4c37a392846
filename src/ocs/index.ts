export { LoginFlows } from './login-flows.ts'
export type { OcsNotification, OcsNotifications } from './notifications/types.ts'
export { OcsNumbers } from './numbers-repo.ts'
export { type OcsMiddlewareDeps, ocsMiddleware } from './ocs-koa.ts'
export type { OcsShareTree, OcsTreeAsk } from './share-info.ts'
export type {
  OcsContact,
  OcsGivenShare,
  OcsItem,
  OcsNewShare,
  OcsPerson,
  OcsReceivedShare,
  OcsShareChanges,
  OcsShareType,
  OcsSharing,
} from './sharing/types.ts'
export type { OcsQuota } from './types.ts'
