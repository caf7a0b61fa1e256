import type { z } from 'zod'
import type { OperationName } from '../operations.ts'
import type { Routes } from '../routes/index.ts'

/** An object schema without fields would take any name, with nothing as its value. */
type Shape<T> = T extends z.ZodType ? (string extends keyof z.input<T> ? unknown : z.input<T>) : never

/** What an operation takes: what stands in its path, and its query or body, in one object. */
export type Input<Name extends OperationName> = Flat<Shape<Routes[Name]['params']> & Shape<Routes[Name]['input']>>

/** What it gives. */
export type Result<Name extends OperationName> = z.output<NonNullable<Routes[Name]['output']>>

type Flat<T> = { [Name in keyof T]: T[Name] }

/** An object with nothing that must be said may be left out. */
type Args<T> = unknown extends T
  ? [input?: undefined, options?: CallOptions]
  : object extends T
    ? [input?: T, options?: CallOptions]
    : [input: T, options?: CallOptions]

export interface CallOptions {
  readonly tenant?: string
  /** the same key is the same request: repeating it is harmless */
  readonly idempotencyKey?: string
  /** why somebody looks, where that is on record */
  readonly reason?: string
  readonly signal?: AbortSignal
}

type Streaming = 'followRun' | 'streamRun'
/** those that answer with a file: its body is the file */
export type Download = 'bundleRun' | 'exportSubject'

/** Every operation as a method. */
export type Operations = {
  readonly [Name in Exclude<OperationName, Streaming>]: (
    ...args: Args<Input<Name>>
  ) => Promise<Name extends Download ? Response : Result<Name>>
}
