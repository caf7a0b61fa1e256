import { checkPayloadSize, encode } from '../journal/index.ts'
import { valueRefused } from '../redaction/index.ts'
import {
  type Execution,
  parse,
  restoreCompensations,
  type Started,
  type WorkflowContext,
  type WorkflowDefinition,
} from '../workflow/index.ts'
import type { EngineContext } from './options.ts'

/**
 * Calls the user's function. Its output is validated and encoded here, so that a bad one is a failure of the body.
 * @returns codec text of the output
 */
export async function runBody(
  engine: EngineContext,
  definition: WorkflowDefinition,
  execution: Execution,
  started: Started,
  say: (value: unknown) => void,
): Promise<string> {
  restoreCompensations(execution)
  const context: WorkflowContext<unknown> = {
    run: execution.run,
    get abortSignal() {
      return execution.abort.signal
    },
    log: replayLog(engine.log, execution),
    progress: say,
    continueAs: (...input) => continueAs(execution, definition, input[0]),
  }
  const input =
    started.unparsed === true
      ? await parse(definition.input, started.input, 'INVALID_INPUT', `The input of workflow "${definition.name}"`)
      : started.input
  const result = await definition.fn(input, context)
  const what = `result of workflow "${definition.name}"`
  const output = await parse(definition.output, result, 'INVALID_OUTPUT', `The ${what}`)
  const text = encode(output, what)
  checkPayloadSize(text, `The ${what}`)
  const redacted = execution.redactor.values === 'keep' ? undefined : execution.redactor.encoded(text)
  if (redacted !== undefined && execution.redactor.values === 'refuse')
    throw valueRefused(`The ${what}`, redacted.found)
  return text
}

async function continueAs(execution: Execution, definition: WorkflowDefinition, input: unknown): Promise<never> {
  const parsed = await parse(definition.input, input, 'INVALID_INPUT', `The input of workflow "${definition.name}"`)
  return execution.continueWith(parsed)
}

/** Replayed code has logged before. */
function replayLog(log: EngineContext['log'], execution: Execution): EngineContext['log'] {
  const live = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, facts?: object) => {
    if (!execution.replaying) log[level](message, { run: execution.run.id, ...facts })
  }
  return { debug: live('debug'), info: live('info'), warn: live('warn'), error: live('error') }
}
