import { isSpanwiseError, SpanwiseError } from './error.ts'

/** An Error as data. `fields` holds its own simple properties: `code`, `status`, `errno`, … */
export interface ErrorRecord {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly fields?: Readonly<Record<string, Simple>>
  /** present, maybe as `undefined`, when the error has one */
  readonly cause?: unknown
  /** of an AggregateError */
  readonly errors?: unknown
  /** a SpanwiseError: its fields are among `fields` */
  readonly spanwise?: true
}

type Simple = string | number | boolean | bigint | null

const natives: Readonly<Record<string, new (message: string) => Error>> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
}
const special = new Set(['name', 'message', 'stack', 'cause', 'errors', '__proto__'])

export function recordError(
  error: Error,
  options: { readonly stack: boolean; readonly attached: (value: unknown, name: string) => unknown },
): ErrorRecord {
  const fields: Record<string, Simple> = {}
  for (const key of Object.keys(error).sort()) {
    const value = (error as unknown as Record<string, unknown>)[key]
    if (!special.has(key) && isSimple(value)) fields[key] = value
  }
  const code: unknown = (error as { code?: unknown }).code
  if (typeof code === 'string' || typeof code === 'number') fields['code'] = code
  return {
    name: String(error.name),
    message: String(error.message),
    ...(options.stack && typeof error.stack === 'string' && { stack: error.stack }),
    ...(Object.keys(fields).length > 0 && { fields }),
    ...('cause' in error && { cause: options.attached(error.cause, 'cause') }),
    ...(error instanceof AggregateError && { errors: options.attached([...error.errors], 'errors') }),
    ...(isSpanwiseError(error) && { spanwise: true }),
  }
}

/** Called by the decoder with text that anyone may have written: every part is checked. */
export function reviveError(data: unknown): Error {
  const record = (typeof data === 'object' && data !== null ? data : {}) as Partial<ErrorRecord>
  const fields = typeof record.fields === 'object' && record.fields !== null ? record.fields : {}
  const error = make(record, fields)
  if (error.name !== record.name) define(error, 'name', String(record.name ?? 'Error'))
  if (record.stack === undefined) define(error, 'stack', `${error.name}: ${error.message}`)
  else define(error, 'stack', String(record.stack))
  for (const [key, value] of Object.entries(fields)) {
    if (!special.has(key) && isSimple(value)) {
      Object.defineProperty(error, key, { value, enumerable: true, writable: true, configurable: true })
    }
  }
  if ('cause' in record) define(error, 'cause', record.cause)
  return error
}

function make(record: Partial<ErrorRecord>, fields: Readonly<Record<string, unknown>>): Error {
  const message = String(record.message ?? '')
  if (record.spanwise === true) {
    return new SpanwiseError({ code: String(fields['code']), message, hint: String(fields['hint'] ?? '') })
  }
  if (Array.isArray(record.errors)) return new AggregateError(record.errors, message)
  const Native =
    typeof record.name === 'string' && Object.hasOwn(natives, record.name) ? natives[record.name] : undefined
  return new (Native ?? Error)(message)
}

/** as the engine itself does it: there, but not listed */
function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, enumerable: false, writable: true, configurable: true })
}

function isSimple(value: unknown): value is Simple {
  return value === null || ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
}
