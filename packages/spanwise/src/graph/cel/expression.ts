import { Environment } from '@marcbachmann/cel-js'
import { SpanwiseError } from '../../journal/index.ts'
import { type CelType, celType, fits, fromCel, toCel } from './types.ts'

/** Variables of expressions, and the JSON Schema of each; `true` where nothing is known. */
export type Variables = Readonly<Record<string, unknown>>

export interface Expression {
  readonly type: string
  evaluate(values: Readonly<Record<string, unknown>>): unknown
}

/**
 * An expression of the Common Expression Language, type-checked against its variables and what is wanted of it.
 * @param path where it stands in the definition
 * @throws EXPRESSION_INVALID
 */
export function compile(text: string, variables: Variables, path: string, wanted: unknown = true): Expression {
  const environment = environmentOf(variables)
  const checked = environment.check(text)
  if (!checked.valid) throw invalid(path, text, firstLine(checked.error))
  const type = String(checked.type)
  if (!fits(type, wanted))
    throw invalid(path, text, `it gives ${type}, and ${JSON.stringify(celType(wanted))} is wanted`)
  const parsed = environment.parse(text)
  return {
    type,
    evaluate(values) {
      const given = Object.fromEntries(
        Object.entries(variables).map(([name, schema]) => [name, toCel(values[name], schema)]),
      )
      try {
        return fromCel(parsed(given))
      } catch (error) {
        throw new SpanwiseError({
          code: 'EXPRESSION_FAILED',
          message: `${path}: ${text}: ${firstLine(error)}`,
          hint: 'Ask has(state.key) before a key that may be missing, convert numbers with int() and double(), and resume.',
          cause: error,
        })
      }
    },
  }
}

const environments = new Map<string, Environment>()

function environmentOf(variables: Variables): Environment {
  const types = Object.entries(variables).map(([name, schema]) => [name, celType(schema)] as const)
  const name = JSON.stringify(types)
  const known = environments.get(name)
  if (known !== undefined) return known
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
  for (const [variable, type] of types) declare(environment, variable, type)
  environments.set(name, environment)
  return environment
}

function declare(environment: Environment, name: string, type: CelType): void {
  if (typeof type === 'string') environment.registerVariable(name, type)
  else environment.registerVariable({ name, schema: type as never })
}

function firstLine(error: unknown): string {
  return String((error as Error | undefined)?.message ?? error).split('\n')[0] ?? ''
}

function invalid(path: string, text: string, why: string): SpanwiseError {
  return new SpanwiseError({
    code: 'EXPRESSION_INVALID',
    message: `${path}: ${text}: ${why}`,
    hint: 'Expressions are CEL: state.amount > 100.0 ? "ask" : "pay". Texts stand in quotes of their own; types are those of the JSON Schemas.',
  })
}
