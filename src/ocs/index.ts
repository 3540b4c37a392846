export { LoginFlows } from './login-flows.ts'
export { type OcsMiddlewareDeps, ocsMiddleware } from './ocs-koa.ts'
export type { OcsQuota } from './types.ts'
