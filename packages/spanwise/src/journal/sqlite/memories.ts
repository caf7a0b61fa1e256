import type { Memory, MemoryQuery, NewMemory } from '../memories.ts'
import type { Context } from './context.ts'
import { livingSubject } from './subjects.ts'

export const memoryOperations = {
  remember: (context: Context, memory: NewMemory) => remember(context, memory),
  recall: (context: Context, query: MemoryQuery) => recall(context, query),
  forgetMemories: (context: Context, which: { readonly space: string; readonly id?: string | undefined }) =>
    forget(context, which),
} as const

export const memoryReads = ['recall'] as const

function remember(context: Context, memory: NewMemory): void {
  const { id, space, run, text, vector, at, expires } = memory
  const subject = memory.subject === undefined ? null : livingSubject(context, memory.subject).token
  const { columns } = context
  // what is over goes when something new comes: a little at a time
  context
    .sql('DELETE FROM spanwise_memories WHERE seq IN (SELECT seq FROM spanwise_memories WHERE expires <= ? LIMIT 100)')
    .run(at)
  context
    .sql(
      `INSERT INTO spanwise_memories (id, space, subject, run, text, vector, at, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO NOTHING`,
    )
    .run(
      id,
      space,
      subject,
      run ?? null,
      columns.seal(text),
      vector === undefined ? null : columns.sealBytes(vector),
      at,
      expires ?? null,
    )
}

const living = 'FROM spanwise_memories WHERE space = ? AND (expires IS NULL OR expires > ?)'

function recall(context: Context, { space, now, limit, vector, atLeast = -1 }: MemoryQuery): readonly Memory[] {
  if (vector === undefined) return latest(context, space, now, limit)
  const wanted = floats(vector)
  const best: { readonly seq: number; readonly score: number }[] = []
  const vectors = context.sql(`SELECT seq, vector ${living} AND vector IS NOT NULL`)
  // an object for each row would cost as much again as reading it
  vectors.setReturnArrays(true)
  for (const row of vectors.iterate(space, now)) {
    const [seq, stored] = row as unknown as readonly [number, string | Uint8Array]
    const score = product(wanted, floats(bytesOf(context, stored)))
    const last = best.at(-1)
    if (score < atLeast || (best.length >= limit && last !== undefined && score <= last.score)) continue
    const place = best.findIndex((one) => one.score < score)
    best.splice(place < 0 ? best.length : place, 0, { seq, score })
    if (best.length > limit) best.pop()
  }
  const read = context.sql('SELECT id, text, at, run FROM spanwise_memories WHERE seq = ?')
  return best.map(({ seq, score }) => memoryOf(context, read.get(seq) ?? {}, score))
}

function latest(context: Context, space: string, now: number, limit: number): readonly Memory[] {
  const rows = context.sql(`SELECT id, text, at, run ${living} ORDER BY seq DESC LIMIT ?`).all(space, now, limit)
  return rows.map((row) => memoryOf(context, row, 0))
}

function memoryOf(context: Context, row: Readonly<Record<string, unknown>>, score: number): Memory {
  const { id, text, at, run } = row
  return {
    id: String(id),
    text: context.columns.open(String(text)),
    at: Number(at),
    run: typeof run === 'string' ? run : undefined,
    score,
  }
}

/** Earlier versions kept them as text. */
function bytesOf({ columns }: Context, stored: string | Uint8Array): Uint8Array {
  return typeof stored === 'string' ? Buffer.from(columns.open(stored), 'base64') : columns.openBytes(stored)
}

function floats(bytes: Uint8Array): Float32Array {
  // a view needs an offset that is a multiple of four, and a small Buffer lies anywhere in its pool
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Float32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 4))
}

/** Of vectors of length 1: the cosine. Vectors of another model have another length, and nothing in common. */
function product(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NEGATIVE_INFINITY
  // four sums, so that none waits for the one before
  let [one, two, three, four] = [0, 0, 0, 0]
  const whole = a.length - (a.length % 4)
  const at = (vector: Float32Array, i: number): number => vector[i] as number
  for (let i = 0; i < whole; i += 4) {
    one += at(a, i) * at(b, i)
    two += at(a, i + 1) * at(b, i + 1)
    three += at(a, i + 2) * at(b, i + 2)
    four += at(a, i + 3) * at(b, i + 3)
  }
  for (let i = whole; i < a.length; i++) one += at(a, i) * at(b, i)
  return one + two + three + four
}

function forget(context: Context, { space, id }: { readonly space: string; readonly id?: string | undefined }): number {
  const gone =
    id === undefined
      ? context.sql('DELETE FROM spanwise_memories WHERE space = ?').run(space)
      : context.sql('DELETE FROM spanwise_memories WHERE space = ? AND id = ?').run(space, id)
  return Number(gone.changes)
}
