import type { Page } from './page.ts'

/** A stream is known by its name within its tenant. */
export interface StreamRef {
  readonly tenant: string
  readonly name: string
}

/**
 * What is appended. Positions in a stream of JSON count messages, in any other one bytes: `data` of JSON is `count` messages with commas
 * between them.
 */
export interface StreamData {
  readonly data: Uint8Array
  readonly count: number
}

/** Where a fork leaves its source: a position of its (the end when absent), and as much behind it. */
export interface StreamFork {
  readonly source: string
  readonly at?: number | undefined
  /** at most to the end of what was appended there at once */
  readonly behind?: number | undefined
}

export interface NewStream extends StreamRef {
  /** media type; that of the source when absent */
  readonly type?: string | undefined
  /** ms without a read or write after which it is gone */
  readonly ttl?: number | undefined
  /** ms since 1970, when it is gone */
  readonly expires?: number | undefined
  readonly fork?: StreamFork | undefined
  /** the readable subject that it is about: erased with it */
  readonly subject?: string | undefined
  /** the run that made it: erased with it */
  readonly run?: string | undefined
  readonly first?: StreamData | undefined
  readonly close?: boolean | undefined
  readonly at: number
}

/** Who appends, so that the same append twice is one. */
export interface StreamProducer {
  readonly id: string
  readonly epoch: number
  /** counts the appends of an epoch from 0 */
  readonly seq: number
}

export interface StreamAppend extends StreamRef {
  /** undefined: only closes */
  readonly add?: StreamData | undefined
  /** of what is appended; refused where the stream has another one */
  readonly type?: string | undefined
  readonly producer?: StreamProducer | undefined
  /** a writer's own order: greater than that of the append before, byte by byte */
  readonly order?: string | undefined
  readonly close?: boolean | undefined
  /** who closes it, for the record; `-` when nobody says */
  readonly by?: string | undefined
  /** made so first, where it is not there */
  readonly make?: Omit<NewStream, 'tenant' | 'name' | 'at' | 'fork' | 'first' | 'close'> | undefined
  readonly at: number
}

export interface StreamRow extends StreamRef {
  /** the store's own number for it: one of the same name that is made later has another */
  readonly seq: number
  readonly type: string
  readonly json: boolean
  /** where the next append goes */
  readonly tail: number
  readonly ttl: number | undefined
  readonly expires: number | undefined
  readonly closedAt: number | undefined
  /** SHA-256 of all of it, in hex; said when it was closed */
  readonly digest: string | undefined
  /** index of the entry in the store's own history that says so */
  readonly seal: number | undefined
  readonly run: string | undefined
  readonly createdAt: number
}

export type StreamCreated =
  | { readonly state: 'created' | 'exists'; readonly row: StreamRow }
  /** there is one of the name that is not like this; its row is missing where it is deleted and kept for its forks */
  | { readonly state: 'conflict'; readonly row: StreamRow | undefined }
  | { readonly state: 'source unknown' | 'source gone' | 'source type' | 'fork point' }

export type StreamAppended =
  | { readonly state: 'ok'; readonly row: StreamRow }
  /** it was appended before; `seq` is the latest of this producer */
  | { readonly state: 'duplicate'; readonly row: StreamRow; readonly seq: number }
  | { readonly state: 'closed' | 'type' | 'order'; readonly row: StreamRow }
  /** there is a producer of this id with a later epoch */
  | { readonly state: 'fenced'; readonly epoch: number }
  /** an epoch begins with 0 */
  | { readonly state: 'epoch' }
  | { readonly state: 'gap'; readonly expected: number }
  | StreamMissing

/** not there, or deleted and kept for its forks */
export type StreamMissing = { readonly state: 'unknown' | 'gone' }

export interface StreamQuery extends StreamRef {
  readonly from: number
  /** bytes after which no more is read; one append is read whole */
  readonly limit: number
  readonly now: number
}

export type StreamRead =
  | {
      readonly state: 'ok'
      readonly row: StreamRow
      readonly data: Uint8Array
      /** where to read on */
      readonly next: number
    }
  | StreamMissing

export interface StreamListQuery {
  readonly tenant?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
  readonly now: number
}

export type StreamDeleted = { readonly state: 'deleted' | 'unknown' | 'gone' | 'held' }

/** The part of the store's port about streams. Each call is one commit. */
export interface StreamStore {
  /** Insert-or-get. @throws SUBJECT_ERASED */
  createStream(stream: NewStream): Promise<StreamCreated>
  /** Appends, closes, or both; a producer's append is applied once. @throws SUBJECT_ERASED */
  appendStream(append: StreamAppend): Promise<StreamAppended>
  readStream(query: StreamQuery): Promise<StreamRead>
  /** Without counting as a use of it. */
  stream(ref: StreamRef & { readonly now: number }): Promise<StreamRow | 'gone' | undefined>
  /** The newest first. */
  streams(query: StreamListQuery): Promise<Page<StreamRow>>
  /** It was read: it lives on for its `ttl`. */
  useStream(ref: StreamRef & { readonly now: number }): Promise<void>
  /** What forks of it need stays until they are gone too. */
  deleteStream(ref: StreamRef & { readonly now: number }): Promise<StreamDeleted>
}

export function isJsonType(type: string): boolean {
  return mediaType(type) === 'application/json'
}

/** Without parameters, in small letters: what two types are compared by. */
export function mediaType(type: string): string {
  return (type.split(';', 1)[0] ?? '').trim().toLowerCase()
}
