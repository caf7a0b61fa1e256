const marker = Symbol.for('spanwise.error')
const docsRoot = 'docs/errors.md'

export interface SpanwiseErrorInit {
  readonly code: string
  /** what happened */
  readonly message: string
  /** what to do about it */
  readonly hint: string
  readonly cause?: unknown
  /** id of the run it happened in */
  readonly run?: string | undefined
  /** key of the operation it happened in */
  readonly step?: string | undefined
}

/** Every error that Spanwise itself throws. Recognise it with `isSpanwiseError`, never by its message. */
export class SpanwiseError extends Error {
  readonly [marker] = true
  readonly code: string
  readonly hint: string
  readonly docs: string
  // declared only: a field would become an own `undefined`, and loggers would print it
  declare readonly run?: string
  declare readonly step?: string

  constructor(init: SpanwiseErrorInit) {
    super(init.message, 'cause' in init ? { cause: init.cause } : undefined)
    this.name = new.target.name
    this.code = init.code
    this.hint = init.hint
    this.docs = `${docsRoot}#${init.code.toLowerCase()}`
    if (init.run !== undefined) this.run = init.run
    if (init.step !== undefined) this.step = init.step
  }
}

/** By marker, not `instanceof`, so that two copies of the package in one process agree. */
export function isSpanwiseError(value: unknown): value is SpanwiseError {
  return typeof value === 'object' && value !== null && (value as { [marker]?: unknown })[marker] === true
}
