import type { z } from 'zod'
import type { ApiRoute } from '../platform/api-route.ts'
import { API_PREFIX } from './api-router.ts'
import { collectSchemas, type Direction, type Json, type SchemaBook } from './openapi-schemas.ts'

export interface OpenApiInfo {
  title: string
  version: string
  publicUrl: string
}

/** The OpenAPI 3.1 document of the operations, from the very schemas that check their input. */
export function openApiDocument(routes: readonly ApiRoute[], info: OpenApiInfo): Json {
  const book = collectSchemas(routes)
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operation(route, book) }
  }
  return {
    openapi: '3.1.0',
    info: { title: info.title, version: info.version },
    servers: [{ url: `${info.publicUrl}${API_PREFIX}` }],
    paths,
    components: {
      securitySchemes: {
        basic: { type: 'http', scheme: 'basic' },
        bearer: { type: 'http', scheme: 'bearer', description: 'An app password.' },
        worker: { type: 'http', scheme: 'bearer', description: 'The token of a delivery worker.' },
      },
      schemas: { ...book.components, Problem: problemSchema },
    },
  }
}

const problemSchema = {
  type: 'object',
  description: 'RFC 9457 problem details.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
    },
  },
}

function operation(route: ApiRoute, book: SchemaBook): Json {
  const parameters = [
    ...parametersOf(route.params, 'path', book),
    ...parametersOf(route.query, 'query', book),
  ]
  const json = (schema: z.ZodType, direction: Direction) => ({
    'application/json': { schema: book.refer(schema, direction) },
  })
  return {
    operationId: route.operationId,
    summary: route.summary,
    security: securityOf(route.auth),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.takesBytes === true ? { requestBody: { required: true, content: bytesContent } } : {}),
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: true, content: json(route.body, 'input') } }),
    responses: {
      [String(route.status ?? 200)]: {
        description: 'Done',
        ...(route.response === undefined ? {} : { content: json(route.response, 'output') }),
      },
      default: {
        description: 'What went wrong',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

const bytesContent = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }

function securityOf(auth: ApiRoute['auth']): Json[] {
  if (auth === 'none') return []
  return auth === 'worker' ? [{ worker: [] }] : [{ basic: [] }, { bearer: [] }]
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query', book: SchemaBook): Json[] {
  if (schema === undefined) return []
  const object = book.refer(schema, 'input') as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(object.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || (object.required ?? []).includes(name),
    schema: property,
  }))
}
