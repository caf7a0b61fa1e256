import { runIdFor } from '../engine/index.ts'
import type { NewRun, StoreInfo } from '../journal/index.ts'
import type { DebounceTerms } from '../workflow/index.ts'

/** A run to start, as the caller knows it: tokens and the id that follows from a user's are the store's business. */
export interface Begin {
  readonly workflow: string
  readonly tenant: string
  /** the user's id */
  readonly id: string | undefined
  /** id of the run when the user gave none; made by the caller, so that asking twice starts it once */
  readonly run: string
  /** canonical text of the unparsed input: what a conflict is judged by */
  readonly input: string
  /** codec text of `run.started` */
  readonly payload: string
  /** what was redacted in it: `email 2` */
  readonly redacted?: string | undefined
  readonly wakeAt: number | undefined
  readonly priority: number
  readonly deadline: number | undefined
  readonly release: string
  readonly subject: string | undefined
  readonly tags: readonly string[]
  readonly debounce?: DebounceTerms | undefined
  /** the key of this request, where the id of the run does not say that a repeat is the same */
  readonly request?: string | undefined
  readonly at: number
}

/** how long a repeat of a request is known to be one, ms: senders of webhooks try for days */
export const requestMemory = 7 * 24 * 3_600_000

export function newRun(tokens: Pick<StoreInfo, 'token'>, begin: Begin): Omit<NewRun, 'owner' | 'status'> {
  const {
    workflow,
    tenant,
    id,
    run,
    input,
    payload,
    redacted,
    wakeAt,
    priority,
    deadline,
    release,
    subject,
    tags,
    debounce,
    request,
    at,
  } = begin
  const inputToken = tokens.token('input', input)
  const begins = debounce === undefined ? wakeAt : at + debounce.period
  return {
    run: id === undefined ? run : runIdFor(tokens, tenant, workflow, id),
    workflow,
    tenant,
    id: id ?? run,
    inputToken,
    wakeAt: begins,
    priority,
    deadline,
    release,
    subject,
    tags,
    debounce: debounce && {
      token: tokens.token('debounce', JSON.stringify([tenant, workflow, debounce.key ?? null, subject ?? null])),
      period: debounce.period,
      until: debounce.timeout === undefined ? undefined : at + debounce.timeout,
    },
    request:
      request === undefined
        ? undefined
        : {
            token: tokens.token('request', JSON.stringify(['start', tenant, workflow, request])),
            input: inputToken,
            until: at + requestMemory,
          },
    started: {
      index: 0,
      after: 0,
      at,
      kind: 'run.started',
      key: '',
      attempt: 0,
      meta: {
        workflow,
        release,
        ...(begins === undefined ? {} : { begins }),
        ...(redacted === undefined ? {} : { redacted }),
      },
      payload,
    },
    at,
  }
}
