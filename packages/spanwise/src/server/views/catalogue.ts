import { type Description, type Startable, workflowDefinition } from '../../workflow/index.ts'

/** What a workflow takes and gives, as far as its schemas can say it as JSON Schema. */
export function catalogueOf(startable: Startable<never, unknown>) {
  const { name, kind } = startable
  const { input, output, describe } = workflowDefinition(startable)
  return {
    name,
    kind,
    input: jsonSchemaOf(input, 'input'),
    output: jsonSchemaOf(output ?? describe?.().output, 'output'),
  }
}

/** The same with what is inside: nodes of a graph, tools of an agent. */
export function detailOfWorkflow(startable: Startable<never, unknown>) {
  const { graph, agent }: Description = workflowDefinition(startable).describe?.() ?? {}
  return { ...catalogueOf(startable), graph, agent }
}

interface Converter {
  readonly input?: (options: { readonly target: string }) => unknown
  readonly output?: (options: { readonly target: string }) => unknown
}

/** Schemas that know the trait `jsonSchema` of Standard Schema; undefined for others, and where one cannot be said as JSON. */
export function jsonSchemaOf(schema: object | undefined, side: 'input' | 'output'): unknown {
  const trait = (schema as { readonly '~standard'?: { readonly jsonSchema?: Converter } } | undefined)?.['~standard']
  try {
    return trait?.jsonSchema?.[side]?.({ target: 'draft-2020-12' })
  } catch {
    // a date, a transform: it still validates, it only cannot be drawn as a form
    return undefined
  }
}
