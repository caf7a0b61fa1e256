import type { z } from 'zod'
import type { OperationName } from '../operations.ts'
import type { Routes } from '../routes/index.ts'

type Shape<T> = T extends z.ZodType ? z.input<T> : never

/** What an operation takes: what stands in its path, and its query or body, in one object. */
export type Input<Name extends OperationName> = Flat<Shape<Routes[Name]['params']> & Shape<Routes[Name]['input']>>

/** What it gives. */
export type Result<Name extends OperationName> = Routes[Name]['output'] extends z.ZodType
  ? z.output<Routes[Name]['output']>
  : never

type Flat<T> = { [Name in keyof T]: T[Name] }

/** An object with nothing that must be said may be left out. */
type Args<T> = object extends T ? [input?: T, options?: CallOptions] : [input: T, options?: CallOptions]

export interface CallOptions {
  readonly tenant?: string
  /** the same key is the same request: repeating it is harmless */
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

type Streaming = 'followRun'

/** Every operation as a method. */
export type Operations = {
  readonly [Name in Exclude<OperationName, Streaming>]: (...args: Args<Input<Name>>) => Promise<Result<Name>>
}
