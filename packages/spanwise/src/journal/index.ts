export { decode, encode, encodeCanonical } from './codec.ts'
export {
  type Commitments,
  type Entry,
  type EntryKind,
  isTerminal,
  type Meta,
  type NewEntry,
  type RunStatus,
} from './entry.ts'
export { isSpanwiseError, SpanwiseError, type SpanwiseErrorInit } from './error.ts'
export { type LeafFields, leaf } from './leaf.ts'
export { openStore, parseStoreUrl, type StoreAddress, type StoreOptions } from './open.ts'
export { checkPayloadSize, MAX_PAYLOAD } from './payload-size.ts'
export { commit, commitment, type Domain, deriveKey, keyToken, type Purpose } from './secret.ts'
export { type MemoryStore, openMemoryStore } from './sqlite/memory.ts'
export { acquireOwnership, currentOwner, type Owner, type Ownership, storeFile } from './sqlite/owner.ts'
export type {
  Appended,
  ApprovalChange,
  ApprovalQuery,
  ApprovalRow,
  ClaimQuery,
  Created,
  ListQuery,
  LoadedRun,
  Mail,
  MailKind,
  NewMail,
  NewRun,
  Page,
  ParentLink,
  RowChange,
  RunChange,
  RunRef,
  RunRow,
  Sent,
  SqlTransaction,
  SqlValue,
  Store,
  StoreInfo,
  WorkerInfo,
} from './store.ts'
