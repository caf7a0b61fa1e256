import type {
  NewStream,
  Page,
  StreamAppend,
  StreamAppended,
  StreamCreated,
  StreamDeleted,
  StreamHub,
  StreamListQuery,
  StreamQuery,
  StreamRead,
  StreamRef,
  StreamRow,
  StreamStore,
} from '../journal/index.ts'

/** What the app and the server need of whoever holds the store, as to named streams. */
export interface StreamBackend {
  createStream(stream: NewStream): Promise<StreamCreated>
  appendStream(append: StreamAppend): Promise<StreamAppended>
  /** Where there is nothing behind the position yet, it waits for it: so many ms, or until the abort. */
  readStream(query: StreamQuery, patience?: number, signal?: AbortSignal): Promise<StreamRead>
  stream(ref: StreamRef & { readonly now: number }): Promise<StreamRow | 'gone' | undefined>
  streams(query: StreamListQuery): Promise<Page<StreamRow>>
  deleteStream(ref: StreamRef & { readonly now: number }): Promise<StreamDeleted>
}

export function storeStreams(store: StreamStore, hub: StreamHub): StreamBackend {
  return {
    createStream: (stream) => hub.create(stream),
    appendStream: (append) => hub.append(append),
    readStream: (query, patience = 0, signal) => hub.await(query, patience, signal),
    stream: (ref) => store.stream(ref),
    streams: (query) => store.streams(query),
    deleteStream: (ref) => hub.delete(ref),
  }
}
