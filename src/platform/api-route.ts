import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Principal } from './principal.ts'

export type HttpMethod = 'get' | 'post' | 'put' | 'patch' | 'delete'

/** What a handler gets: validated input and who is asking. */
export interface ApiCall<P, Q, B> {
  params: P
  query: Q
  body: B
  principal: Principal
  /** Aborts when the client goes away. */
  signal: AbortSignal
  /** Whom the route's own guard let in. */
  admitted?: unknown
  /** The body as it comes, for routes that take bytes. */
  stream?: Readable | undefined
  /** The header `Idempotency-Key`: a repeat of the same order is to find the first one. */
  idempotencyKey?: string | undefined
  /** The request itself, for what else stands in its headers. */
  request?: IncomingMessage
  /** A header of the answer. */
  setHeader?(name: string, value: string | string[]): void
  /** Another success status than that of the route. */
  setStatus?(status: number): void
}

type Infer<T> = T extends z.ZodType ? z.infer<T> : undefined

/**
 * One operation of `/api/v1`. The schemas validate the input, type the handler and become the
 * OpenAPI document; a thrown `AppError` becomes problem+json.
 */
export interface ApiRoute {
  method: HttpMethod
  /** Below `/api/v1`, parameters in braces: `/transfers/{id}`. */
  path: string
  /** The operation's name in OpenAPI and in generated clients: `listTransfers`. */
  operationId: string
  summary: string
  /** `worker`: a token of a delivery worker, which the room itself checks. */
  auth: 'none' | 'user' | 'admin' | 'worker'
  /** The body is bytes, which the handler reads. */
  takesBytes?: boolean
  /**
   * What the header `Idempotency-Key` does at a POST: with `answer`, as unless given, a repeat gets the first answer;
   * `own`: the handler finds the first order by itself.
   */
  repeats?: 'answer' | 'own'
  /** The answer to a GET holds what nobody may keep, such as a token. */
  isSecret?: boolean
  params?: z.ZodType
  query?: z.ZodType
  body?: z.ZodType
  /** The answer's schema; none for 204. */
  response?: z.ZodType
  /**
   * For who is no user (`auth: 'worker'`): whom the header `Authorization` lets in, or it throws; asked once,
   * before the input is read. The handler gets it as `admitted`.
   */
  guard?(authorization: string): Promise<unknown>
  /** Success status; 200 unless given. */
  status?: number
  handle(call: ApiCall<never, never, never>): Promise<unknown>
}

interface TypedRoute<P, Q, B, R> extends Omit<ApiRoute, 'params' | 'query' | 'body' | 'response' | 'handle'> {
  params?: P
  query?: Q
  body?: B
  response?: R
  handle(call: ApiCall<Infer<P>, Infer<Q>, Infer<B>>): Promise<R extends z.ZodType ? z.input<R> : void>
}

/** Declares a route with its handler typed by its schemas. */
export function apiRoute<P, Q, B, R>(route: TypedRoute<P, Q, B, R>): ApiRoute {
  return route as unknown as ApiRoute
}
