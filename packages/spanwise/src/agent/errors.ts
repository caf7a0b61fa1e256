import { SpanwiseError } from '../journal/index.ts'
import type { FailureClass } from '../workflow/index.ts'

/** Which of its limits an agent reached. */
export type Limit = 'money' | 'tokens' | 'turns' | 'tool calls' | 'time'

/** An agent is described in a way that cannot work. Told where it is written, not at its first call. */
export function invalidAgent(name: string, why: string, hint: string): SpanwiseError {
  return new SpanwiseError({ code: 'AGENT_INVALID', message: `Agent "${name}" cannot be used: ${why}.`, hint })
}

/** Plain fields beside what every error has: that is what of an error is on record. */
function stopped(
  init: { readonly code: string; readonly message: string; readonly hint: string; readonly run: string },
  failureClass: FailureClass,
  facts: object,
): SpanwiseError {
  return Object.assign(new SpanwiseError(init), { failureClass, ...facts })
}

export function limitReached(agent: string, limit: Limit, allowed: string, run: string): SpanwiseError {
  return stopped(
    {
      code: 'AGENT_LIMIT',
      message: `Agent "${agent}" has used its ${allowed}.`,
      hint: "Raise the limit and resume the run, or say onLimit: 'finish' or onLimit: { ask: { role } }.",
      run,
    },
    'budget',
    { agent, limit },
  )
}

export function goesRound(agent: string, what: string, run: string): SpanwiseError {
  return stopped(
    {
      code: 'AGENT_LOOP',
      message: `Agent "${agent}" goes round in circles: ${what}.`,
      hint: 'Mend the instructions or the tool that leads nowhere, then resume the run; `repeats` says how often is too often.',
      run,
    },
    'decision',
    { agent },
  )
}

export function noOutput(agent: string, why: string, run: string): SpanwiseError {
  return stopped(
    {
      code: 'AGENT_OUTPUT',
      message: `Agent "${agent}" gave no answer that fits its output: ${why}`,
      hint: 'Say in the instructions what the answer has to look like, loosen the schema, or take a stronger model.',
      run,
    },
    'bad output',
    { agent },
  )
}
