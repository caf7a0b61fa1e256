import { type Description, jsonSchemaOf, type Startable, workflowDefinition } from '../../workflow/index.ts'

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
