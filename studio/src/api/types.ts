import type { Result } from 'spanwise/client'

// As the server's routes give them: times are ISO 8601, money is nano-dollars in decimal digits.

export type RunState = Result<'listRuns'>['items'][number]
export type RunDetail = Result<'getRun'>
export type RunEvent = Result<'getEvent'>
export type Approval = Result<'listApprovals'>['items'][number]
export type Failure = Result<'listFailures'>['items'][number]
export type CostRow = Result<'getCosts'>['rows'][number]
export type Schedule = Result<'listSchedules'>['items'][number]
export type BulkResult = Result<'resumeRuns'>
export type Overview = Result<'getOverview'>
export type Period = Overview['previous']
export type Candidate = Result<'listModels'>['items'][number]
export type ModelUse = Result<'getModelUse'>['items'][number]
export type Budget = Result<'listBudgets'>['items'][number]
export type WorkflowDetail = Result<'getWorkflow'>
export type Drawing = NonNullable<WorkflowDetail['graph']>
export type ErasePlan = Result<'planErasure'>
export type ApiKey = Result<'listKeys'>['items'][number]
export type RunStateAt = Result<'listStates'>['items'][number]
export type Webhook = Result<'listWebhooks'>['items'][number]
export type Delivery = Result<'listDeliveries'>['items'][number]
export type NamedStream = Result<'listStreams'>['items'][number]
export type RunStatus = RunState['status']

export interface WorkflowInfo extends Omit<Result<'getWorkflow'>, 'input' | 'output'> {
  readonly input?: JsonSchema
  readonly output?: JsonSchema
}

/** The part of JSON Schema that a form is made of. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly default?: unknown
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

export interface Rate {
  readonly limit: number
  /** ms */
  readonly per: number
}

/** One side of a line of a comparison. */
export interface DiffFact {
  readonly index: number
  readonly input?: unknown
  readonly outcome: { readonly state: 'open' | 'done' | 'failed'; readonly value?: unknown; readonly error?: unknown }
}

export interface DiffRow {
  readonly key: string
  readonly is: 'same' | 'other input' | 'other result' | 'only a' | 'only b'
  readonly a?: DiffFact
  readonly b?: DiffFact
  readonly differsAt?: string
}

export interface DiffSide {
  readonly run: string
  readonly workflow: string
  readonly status: RunStatus
}
