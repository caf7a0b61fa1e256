import { z } from 'zod'
import { operations } from './operations.ts'
import type { Route } from './route.ts'
import { routes } from './routes/index.ts'
import { problem } from './schemas.ts'

type Json = { [name: string]: unknown }

/** The document of the API, from the table of routes. */
export function openApi(version: string): Json {
  const components: Json = {}
  const paths: Record<string, Json> = {}
  for (const [name, [method, path]] of Object.entries(operations)) {
    const route = routes[name as keyof typeof routes] as Route
    const item = paths[path] ?? {}
    item[method.toLowerCase()] = operationOf(name, method, path, route, components)
    paths[path] = item
  }
  schemaOf(problem, 'output', components)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Spanwise',
      version,
      description:
        'Runs, approvals, failures, schedules, costs. Times are ISO 8601, money is whole nano-dollars as text, recorded values are plain JSON.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'an API key, or a token of the OpenID provider' },
      },
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

function operationOf(name: string, method: string, path: string, route: Route, components: Json): Json {
  const reads = method === 'GET' || method === 'DELETE'
  const inPath = parametersOf(route.params, 'path', components).filter(({ name: one }) => path.includes(`{${one}}`))
  const inQuery = reads ? parametersOf(route.input, 'query', components) : []
  const tenant =
    route.tenant === 'none' || route.tenant === 'all'
      ? []
      : [{ name: 'Spanwise-Tenant', in: 'header', required: false, schema: { type: 'string' } }]
  const why =
    route.tenant === 'none' || route.tenant === 'all'
      ? []
      : [
          {
            name: 'Spanwise-Reason',
            in: 'header',
            required: false,
            description: 'why the caller looks, for the record; encoded as in an address',
            schema: { type: 'string' },
          },
        ]
  const again = reads
    ? []
    : [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 255 } }]
  const schema = schemaOf(route.input, 'input', components) as Json
  const isEmpty = schema['properties'] === undefined || Object.keys(schema['properties'] as Json).length === 0
  const body =
    reads || isEmpty
      ? {}
      : {
          requestBody: {
            required: Array.isArray(schema['required']) || schema['anyOf'] !== undefined,
            content: {
              'application/json': { schema, ...(route.example === undefined ? {} : { example: route.example }) },
            },
          },
        }
  return {
    operationId: name,
    summary: route.summary,
    tags: [route.group],
    'x-spanwise-role': route.role,
    'x-spanwise-tenant': route.tenant,
    parameters: [...inPath, ...inQuery, ...tenant, ...why, ...again],
    ...body,
    responses: {
      [route.status ?? 200]: {
        description: route.summary,
        content: {
          [route.type ?? 'application/json']: {
            schema: route.output === undefined ? textOrFile(route) : schemaOf(route.output, 'output', components),
          },
        },
      },
      default: {
        description: 'what is wrong, and what to do',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function textOrFile({ type }: Route): Json {
  return type === 'application/zip' ? { type: 'string', format: 'binary' } : { type: 'string' }
}

function parametersOf(
  schema: z.ZodType,
  where: 'path' | 'query',
  components: Json,
): readonly (Json & { name: string })[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input', components) as {
    readonly properties?: Readonly<Record<string, Json>>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property
    return {
      name,
      in: where,
      required: where === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }
  })
}

/** Schemas with an id stand among the components, once, and are pointed at. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): unknown {
  const { $schema: _, $defs, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  for (const [id, one] of Object.entries(($defs ?? {}) as Json)) components[id] = tidy(one as Json)
  const id = z.globalRegistry.get(schema)?.id
  const own = tidy(rest)
  if (id === undefined) return own
  components[id] = own
  return { $ref: `#/components/schemas/${id}` }
}

function tidy(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(tidy)
  if (typeof schema !== 'object' || schema === null) return schema
  const found: Json = {}
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'id' && typeof value === 'string') continue
    found[name] = name === '$ref' ? String(value).replace('#/$defs/', '#/components/schemas/') : tidy(value)
  }
  return found
}
