export {
  type Client,
  type ClientOptions,
  createClient,
  type FollowOptions,
  type PartMessage,
  type RunDetail,
  type RunEntry,
  type RunMessage,
  type RunSummary,
  type StreamOptions,
} from './client.ts'
export { ApiError } from './error.ts'
export type { StreamData, StreamFollowOptions, StreamsClient } from './streams.ts'
export type { CallOptions, Input, Operations, Result } from './types.ts'
