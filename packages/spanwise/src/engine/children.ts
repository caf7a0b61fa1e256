import type { NewRun } from '../journal/index.ts'
import { redactParts, startParts, valueRefused } from '../redaction/index.ts'
import {
  canonicalInput,
  milliseconds,
  type Operation,
  startPayload,
  type WorkflowDefinition,
} from '../workflow/index.ts'
import { newSeed, runIdFor } from './identity.ts'
import type { RunHome } from './run-home.ts'

type ChildEffect = Extract<Operation['spec']['effect'], { type: 'child' }>

/** A child that a resume superseded is history: the next one of the operation is another run, unless the code names it. */
function childId({ row, execution }: RunHome, operation: Operation): string {
  const { id } = operation.spec.effect as ChildEffect
  const generation = execution.recorded.childGenerations.get(operation.key) ?? 0
  return id ?? `${row.run}/${operation.key}${generation === 0 ? '' : `~${generation}`}`
}

/** Opaque id of the run that a child operation starts; the same one however often it is asked. */
export function childRunId(parent: RunHome, operation: Operation): string {
  const known = parent.execution.recorded.operations.get(operation.key)?.announcement?.meta['child']
  if (typeof known === 'string' && parent.execution.isShared(known)) return known
  const { workflow } = operation.spec.effect as ChildEffect
  return runIdFor(parent.engine.store.info, parent.row.tenant, workflow, childId(parent, operation))
}

export function newChild(parent: RunHome, operation: Operation): NewRun {
  const effect = operation.spec.effect as ChildEffect
  const { row, engine } = parent
  const id = childId(parent, operation)
  const at = parent.now()
  const { started, dry } = parent.execution
  const definition = effect.definition as WorkflowDefinition
  const { deadline } = definition
  const begun = startOf(parent, definition, {
    input: effect.value,
    seed: newSeed(),
    id: effect.id,
    tags: [],
    subject: started.subject,
    team: started.team,
    // what an operator allows is said to the run that it is about; effects of a fork's children are no less effects
    ...(effect.id === undefined && dry !== undefined ? { dry: { allow: dry.allow } } : {}),
  })
  return {
    run: runIdFor(engine.store.info, row.tenant, effect.workflow, id),
    workflow: definition.name,
    tenant: row.tenant,
    id,
    inputToken: engine.store.info.token('input', canonicalInput(effect.value)),
    status: 'queued',
    priority: row.priority,
    deadline: deadline === undefined ? undefined : at + milliseconds(deadline, 'deadline'),
    release: engine.release,
    subject: started.subject,
    tags: [],
    parent: { run: row.run, key: operation.key },
    started: {
      index: 0,
      after: 0,
      at,
      kind: 'run.started',
      key: '',
      attempt: 0,
      meta: {
        workflow: effect.workflow,
        release: engine.release,
        ...(begun.found === undefined ? {} : { redacted: begun.found }),
      },
      payload: begun.text,
    },
    at,
  }
}

/** By what holds for the child. @throws VALUE_REFUSED */
function startOf(
  { engine }: RunHome,
  { name, redact }: WorkflowDefinition,
  started: Parameters<typeof startPayload>[0],
): { readonly text: string; readonly found?: string } {
  const payload = startPayload(started)
  const redactor = engine.redactor.within(redact)
  const redacted = redactor.values === 'keep' ? undefined : redactParts(payload, startParts, redactor)
  if (redacted !== undefined && redactor.values === 'refuse')
    throw valueRefused(`The input of child "${name}"`, redacted.found)
  return redacted ?? { text: payload }
}
