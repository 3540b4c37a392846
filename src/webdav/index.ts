export { type DavOptions, davMiddleware } from './dav-koa.ts'
export { driveMounts } from './drive-mounts.ts'
export type { DavMount, DavOpenRequest, DavSession, Drive } from './mount.ts'
export { expectContinue } from './request-body-koa.ts'
