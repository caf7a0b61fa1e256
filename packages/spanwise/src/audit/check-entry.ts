import { commit, type LogEntry, leaf } from '../journal/index.ts'

/**
 * What of an entry does not fit its own proof; undefined when all of it does. Leaf and commitments prove nothing by themselves
 * (whoever changes an entry can make them anew): the tree over the leaves, under a signature, does.
 */
export function checkEntry(entry: LogEntry): string | undefined {
  const { run, index, commitments, secret, payload } = entry
  const { key, input } = commitments
  if ([entry.leaf, key, commitments.payload, input].some((hash) => hash !== undefined && hash.length !== 32))
    return 'its proof is damaged'
  const isEmpty = isZero(commitments.payload)
  const made = leaf({
    ...entry,
    key: isZero(key) ? undefined : key,
    payload: isEmpty ? undefined : commitments.payload,
    input,
  })
  if (Buffer.compare(made, entry.leaf) !== 0) return 'its kind, order, time, attempt, key or facts were changed'
  if (entry.erased || entry.locked === true) return undefined
  if (payload === undefined)
    return isEmpty ? undefined : 'its content is gone or does not open, and it is not marked as erased'
  if (isEmpty) return 'it holds content that it was not written with'
  if (secret === undefined) return 'the secret of its content is gone, and it is not marked as erased'
  if (Buffer.compare(commit(secret, 'payload', run, index, payload), commitments.payload) !== 0)
    return 'its content was changed'
  // parts that users made stand as tokens: what was committed to is not in the store
  if (entry.key === '' || entry.key.includes('[')) return undefined
  if (Buffer.compare(commit(secret, 'key', run, index, entry.key), commitments.key) !== 0) return 'its key was changed'
  return undefined
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
