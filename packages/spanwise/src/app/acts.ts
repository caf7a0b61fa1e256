import { type Act, type ActKind, type ActQuery, type ActRow, type Page, SpanwiseError } from '../journal/index.ts'
import type { Duration } from '../workflow/index.ts'
import type { Backend } from './backend.ts'
import { unknownRun } from './unknown-run.ts'

/** A run by its id, or all that is about a subject. */
export type ActOn = { readonly run: string } | { readonly subject: string }

export interface ActOptions {
  /** why; part of the record */
  readonly reason: string
  /** who */
  readonly by: string
  /** who agreed: where `oversight.secondPerson` asks for it */
  readonly second?: string
}

/** What was done to the record itself. */
export interface OperatorAct {
  /** of its entry in the store's own history */
  readonly index: number
  readonly id: string
  readonly kind: ActKind
  readonly at: Date
  readonly run: string | undefined
  /** keyed hash */
  readonly subject: string | undefined
  readonly reason: string
  readonly by: string
  readonly second: string | undefined
  /** `confirmed`: the entry of the run that says that the call was lost, and what it is said to have cost, in nano-dollars */
  readonly call?: { readonly index: number; readonly cost: bigint } | undefined
}

export interface ActListOptions {
  readonly kind?: ActKind
  /** only legal holds that were not released */
  readonly open?: boolean
  readonly after?: string
  /** 50 */
  readonly limit?: number
}

export interface Oversight {
  /** two different people have to be named for an erasure */
  readonly secondPerson?: boolean
  /**
   * what operators read through the command line is recorded, with who and, where it is said, why; `'reason'`: a reason has to be
   * given
   */
  readonly access?: boolean | 'reason'
  /** how long runs with decisions are kept whatever the rules of retention say; 184 days. `false`: as the rules say */
  readonly keepDecisions?: Duration | false
}

/** @throws LEGAL_HOLD, SECOND_PERSON_NEEDED, REASON_NEEDED, RUN_UNKNOWN */
export async function actAs(
  backend: Backend,
  kind: Exclude<ActKind, 'read' | 'confirmed'>,
  target: ActOn,
  { reason, by, second }: ActOptions,
  at: number,
  oversight: Oversight,
): Promise<OperatorAct> {
  if (reason?.trim() === '' || reason === undefined || by?.trim() === '' || by === undefined) throw reasonNeeded(kind)
  if (kind === 'erased' && oversight.secondPerson === true && (second === undefined || same(second, by))) {
    throw new SpanwiseError({
      code: 'SECOND_PERSON_NEEDED',
      message:
        second === undefined ? 'Nobody else agreed to this erasure.' : `${by} cannot agree to an erasure of their own.`,
      hint: 'Nothing was erased. Name who agreed: second, or --second <who>.',
    })
  }
  const acted = await backend.act({ kind, target, reason, by, second, at })
  if (acted.state === 'ok') return toAct(acted.act)
  if (acted.state === 'held') throw held(acted.hold)
  if (kind === 'released') {
    throw new SpanwiseError({
      code: 'NOT_HELD',
      message: 'No legal hold is on it.',
      hint: 'See which there are: spanwise audit holds.',
    })
  }
  throw unknownRun('run' in target ? target.run : target.subject)
}

export async function listActs(backend: Backend, options: ActListOptions): Promise<Page<OperatorAct>> {
  const { kind, open, after, limit = 50 } = options
  const query: ActQuery = { kinds: kind === undefined ? undefined : [kind], open, after, limit }
  const page = await backend.acts(query)
  return { items: page.items.map(toAct), after: page.after }
}

/** Who looks at the record through an app, and why. */
export interface Operator {
  readonly by: string
  readonly reason?: string | undefined
  /** nothing is read without a reason */
  readonly needsReason?: boolean
}

/** What of a run is read by an operator is an entry, once for each run: not each page of it. */
export function watched(backend: Backend, operator: Operator, now: () => number): Backend {
  const { by, reason = '' } = operator
  const told = new Map<string, Promise<unknown>>()
  const tell = async (run: string): Promise<unknown> => {
    if (operator.needsReason === true && reason.trim() === '') throw reasonNeeded('read')
    let telling = told.get(run)
    if (telling === undefined) {
      const act: Act = { kind: 'read', target: { run }, reason, by, at: now() }
      telling = backend.act(act)
      told.set(run, telling)
    }
    return telling
  }
  return {
    ...backend,
    // first the word, then the content
    entries: async (run, from, limit) => {
      await tell(run)
      return backend.entries(run, from, limit)
    },
    outcome: async (run) => {
      await tell(run)
      return backend.outcome(run)
    },
  }
}

function toAct({ at, ...row }: ActRow): OperatorAct {
  return { ...row, at: new Date(at) }
}

function same(a: string, b: string): boolean {
  return a.trim().toLowerCase() === b.trim().toLowerCase()
}

function reasonNeeded(kind: ActKind): SpanwiseError {
  return new SpanwiseError({
    code: 'REASON_NEEDED',
    message: `It is not said why it is to be ${kind}, or by whom.`,
    hint: 'Both are part of the record: { reason, by }, or --reason and --by; to look at runs, --why, over HTTP the header Spanwise-Reason.',
  })
}

function held({ by, at, reason }: ActRow): SpanwiseError {
  return new SpanwiseError({
    code: 'LEGAL_HOLD',
    message: `A legal hold forbids it: ${reason} (${by}, ${new Date(at).toISOString().slice(0, 10)}).`,
    hint: 'Nothing was erased. When the hold is over: spanwise audit release.',
  })
}
