import { SpanwiseError } from '../journal/index.ts'
import { currentScope } from './current.ts'
import { type Duration, milliseconds } from './duration.ts'
import { race } from './parallel.ts'
import { type Approved, askOnce, type Decision, type Delegation } from './question.ts'
import { frames, occurrence, openScope } from './runtime/scope.ts'
import type { StandardSchemaV1 } from './schema.ts'
import { now, sleep } from './time.ts'

/** What whoever reminds is told. */
export interface Reminder {
  readonly run: string
  readonly workflow: string
  readonly tenant: string
  readonly question: string
  readonly role: string | undefined
  readonly askedAt: Date
  /** 1 for the first */
  readonly times: number
}

interface Asking {
  readonly role?: string
  readonly timeout?: Duration
  readonly of?: unknown
  readonly form?: StandardSchemaV1
  readonly needs?: number
  readonly escalate?: readonly { readonly after: Duration; readonly role: string }[]
  readonly remind?: { readonly every: Duration; readonly by?: (reminder: Reminder) => Promise<unknown> }
}

/** Asks until it is decided: by so many as are needed, of those whose turn it is, whoever they pass it on to. */
export async function decideTogether(question: string, options: Asking): Promise<Decision<unknown>> {
  const { needs = 1, remind } = options
  if (!(Number.isSafeInteger(needs) && needs > 0))
    throw new SpanwiseError({
      code: 'INVALID_OPTION',
      message: `An approval cannot need ${needs} people.`,
      hint: 'Count those who have to agree: 1 or more.',
    })
  const decided = (): Promise<Decision<unknown>> =>
    needs === 1 ? asked(question, options, []) : several(question, options, needs)
  if (remind === undefined) return decided()
  const first = await race({ decided, reminded: () => reminding(question, options.role, remind) })
  return first.value as Decision<unknown>
}

/** Asks as many as are needed at once. Who has agreed does not count again. */
async function several(question: string, options: Asking, needs: number): Promise<Decision<unknown>> {
  const outer = currentScope('approval()')
  const scope = openScope(outer, occurrence(outer, 'approvals'))
  const votes: Approved<unknown>[] = []
  const slot = async (): Promise<Exclude<Decision<unknown>, { status: 'approved' }> | undefined> => {
    for (;;) {
      const agreed = votes.map(({ by }) => by)
      const answer = await asked(`${question} (${needs} have to agree)`, options, agreed)
      if (answer.status !== 'approved') return answer
      if (votes.some(({ by }) => by === answer.by)) continue
      const { status: _, ...vote } = answer
      votes.push(vote)
      return undefined
    }
  }
  try {
    const answers = Array.from({ length: needs }, () => frames.run(scope, slot))
    const refused = await firstRefusal(answers)
    if (refused !== undefined) return refused
    const last = votes.at(-1) as Approved<unknown>
    const delegations = votes.flatMap((vote) => vote.delegations ?? [])
    const passed = delegations.length === 0 ? {} : { delegations }
    return { status: 'approved', ...last, ...passed, by: votes.map(({ by }) => by).join(', '), votes }
  } finally {
    outer.execution.closeScope(scope)
  }
}

/** The first that is a refusal, as soon as it is there; undefined when all have agreed. */
function firstRefusal<T>(answers: readonly Promise<T | undefined>[]): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    let open = answers.length
    for (const answer of answers)
      answer.then((value) => (value !== undefined || --open === 0 ? resolve(value) : undefined), reject)
  })
}

/** One decision: who is asked first, who after them, and whoever it is passed on to. */
async function asked(question: string, options: Asking, agreed: readonly string[]): Promise<Decision<unknown>> {
  const { timeout, of, form, escalate = [] } = options
  const begun = now().getTime()
  const end = timeout === undefined ? undefined : begun + milliseconds(timeout, 'timeout')
  const stages: { readonly role: string | undefined; readonly from: number }[] = [{ role: options.role, from: begun }]
  for (const { after, role } of escalate)
    stages.push({ role, from: (stages.at(-1)?.from ?? begun) + milliseconds(after, 'escalate') })
  const text = agreed.length === 0 ? question : `${question}; ${agreed.join(', ')} did`
  for (const [n, stage] of stages.entries()) {
    const next = stages[n + 1]?.from
    const isLast = next === undefined || (end !== undefined && next >= end)
    const until = isLast ? end : next
    // as it was said, while it is the whole of it
    let left: Duration | undefined = until === end && n === 0 ? timeout : remaining(until)
    let { role } = stage
    const delegations: Delegation[] = []
    for (;;) {
      const answer = await askOnce(currentScope('approval()'), text, { role, timeout: left, of, form, stage: n })
      if (answer.status === 'expired' && !isLast) break
      if (answer.status === 'approved' && delegations.length > 0) return { ...answer, delegations }
      if (answer.status !== 'delegated') return answer
      const { status: _, ...passed } = answer
      delegations.push(passed)
      role = answer.to
      left = remaining(until)
    }
  }
  return { status: 'expired' }
}

function remaining(until: number | undefined): number | undefined {
  return until === undefined ? undefined : Math.max(0, until - now().getTime())
}

async function reminding(
  question: string,
  role: string | undefined,
  { every, by }: NonNullable<Asking['remind']>,
): Promise<never> {
  const { execution } = currentScope('approval()')
  const { id: run, workflow, tenant } = execution.run
  const askedAt = now()
  for (let times = 1; ; times++) {
    await sleep(every)
    try {
      await by?.({ run, workflow, tenant, question, role, askedAt, times })
    } catch {
      // on record as the step's failure: who was not reminded is asked all the same
    }
  }
}
