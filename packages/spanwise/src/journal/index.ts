export type { ApiKeyRow, ApiKeyStore } from './api-keys.ts'
export { writeArchive } from './archive/write.ts'
export type { BudgetChange } from './budgets.ts'
export type { CacheFilter, CacheRow, NewCachedResult } from './cache.ts'
export { decode, encode, encodeCanonical } from './codec.ts'
export type { Death } from './deaths.ts'
export {
  citeName,
  type DecisionOutcome,
  type DecisionQuery,
  type DecisionRow,
  type Influence,
  insideStep,
} from './decisions.ts'
export { type KeyServiceOptions, keyService } from './encryption/key-service.ts'
export { keyFile, keyVariable } from './encryption/local-keys.ts'
export type { EncryptionOptions, KeyProvider, WrappedKey } from './encryption/provider.ts'
export {
  type Entry,
  type EntryKind,
  isStart,
  isTerminal,
  type Meta,
  type NewEntry,
  type RunStatus,
} from './entry.ts'
export { isSpanwiseError, SpanwiseError, type SpanwiseErrorInit } from './error.ts'
export type { FailureQuery, FailureRow } from './failures.ts'
export type { ForkLink } from './fork.ts'
export type { IdentityRow } from './identities.ts'
export { jsonMessages } from './json-messages.ts'
export { kindCodes } from './kinds.ts'
export { leaf } from './leaf.ts'
export type { Act, Acted, ActKind, ActQuery, ActRow } from './ledger.ts'
export type { LogCheck, LogEntry, LogStore, Sealed, SealNode } from './log.ts'
export type { ConfirmCall, Confirmed, ModelCallQuery, ModelCallRow } from './model-calls.ts'
export { openStore, parseStoreUrl } from './open.ts'
export { checkPayloadSize, MAX_PAYLOAD } from './payload-size.ts'
export type { ArchiveRow, NewArchive, Rule } from './retention.ts'
export type {
  Fired,
  NextDue,
  Overlap,
  PutResult,
  PutSchedule,
  ScheduleChange,
  ScheduleQuery,
  ScheduleRef,
  ScheduleRow,
} from './schedules.ts'
export { commit, deriveKey, keyToken, keyTokenUnder, tokenKey } from './secret.ts'
export { areSiblings } from './siblings.ts'
export { archiveFolder } from './sqlite/archived.ts'
export { type BackupOptions, type BackupResult, backupStore } from './sqlite/files/backup.ts'
export {
  encryptStore,
  type KeyStatus,
  keyStatus,
  rotateKey,
  rotateStoreKey,
} from './sqlite/files/encrypt.ts'
export { acceptOlder, checkStore, compactStore, storeFacts } from './sqlite/files/inspect.ts'
export { restoreStore } from './sqlite/files/restore.ts'
export { type Waits, waitFacts } from './sqlite/files/waits.ts'
export { headerOf } from './sqlite/header.ts'
export { type MemoryStore, openMemoryStore } from './sqlite/memory.ts'
export { acquireOwnership, currentOwner, storeFile } from './sqlite/owner.ts'
export type {
  ApprovalChange,
  ApprovalQuery,
  ApprovalRow,
  ClaimQuery,
  Created,
  Firing,
  ListQuery,
  LoadedRun,
  Mail,
  NewFork,
  NewMail,
  NewRun,
  Page,
  RowChange,
  RunChange,
  RunRef,
  RunRow,
  Sent,
  SqlTransaction,
  Store,
  StoreInfo,
  WorkerInfo,
} from './store.ts'
export { StreamHub, streamHub } from './stream-hub.ts'
export {
  checkStreamName,
  fromOffset,
  invalidStream,
  jsonText,
  streamMissing,
  streamRefused,
  toOffset,
  toStreamData,
} from './stream-values.ts'
export {
  isJsonType,
  mediaType,
  type NewStream,
  type StreamAppend,
  type StreamAppended,
  type StreamCreated,
  type StreamData,
  type StreamDeleted,
  type StreamListQuery,
  type StreamQuery,
  type StreamRead,
  type StreamRef,
  type StreamRow,
  type StreamStore,
} from './streams.ts'
export type {
  DeliveryRow,
  DeliveryState,
  WebhookCount,
  WebhookRow,
  WebhookStore,
} from './webhooks.ts'
