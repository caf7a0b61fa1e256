// What the types of the surface infer; checked by `npm run types`, never run.
import {
  type App,
  approval,
  child,
  compensate,
  each,
  parallel,
  type Run,
  race,
  type StandardSchemaV1,
  type Step,
  signal,
  sleep,
  spanwise,
  step,
  type Workflow,
  workflow,
} from './index.ts'

type Eq<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function is<T extends true>(): void
declare const Req: StandardSchemaV1<{ id: string; when: string }, { id: string; when: Date }>
declare const Dec: StandardSchemaV1<{ ok: boolean }, { ok: boolean; at: Date }>
declare const Opt: StandardSchemaV1<{ n?: number } | undefined, { n: number }>

// ---- steps without options

const a = step('a', async (id: string) => ({ id, total: 3 }))
is<Eq<typeof a, Step<string, { id: string; total: number }>>>()
const b = step('b', async () => 5)
is<Eq<typeof b, Step<void, number>>>()
const c = step('c', (n: number) => n * 2)
is<Eq<typeof c, Step<number, number>>>()
const c2 = step('c2', (n: number, { attempt, abortSignal }) => (abortSignal.aborted ? n : n + attempt))
is<Eq<typeof c2, Step<number, number>>>()
const c3 = step('c3', async (id: string, ctx) => {
  ctx.heartbeat()
  return id.length
})
is<Eq<typeof c3, Step<string, number>>>()
const c4 = step('c4', async (_: void, ctx) => ctx.idempotencyKey)
is<Eq<typeof c4, Step<void, string>>>()
export const unannotated = step('cu', async (_, ctx) => ctx.idempotencyKey)
const c5 = step('c5', async (n?: number) => n ?? 0)
is<Eq<Parameters<typeof c5>[0], number | undefined | void>>()
const c6 = step('c6', async (n: number | null) => n)
is<Eq<typeof c6, Step<number | null, number | null>>>()
const c7 = step('c7', async (x: string | number) => x)
is<Eq<typeof c7, Step<string | number, string | number>>>()

// ---- options, no schema

const d = step('d', { attempts: 5, timeout: '10s' }, async (id: string) => id.length)
is<Eq<typeof d, Step<string, number>>>()
const d0 = step('d0', { attempts: 5 }, async () => 'x')
is<Eq<typeof d0, Step<void, string>>>()
const d1 = step('d1', { attempts: 5 }, async (id: string, ctx) => id + ctx.attempt)
is<Eq<typeof d1, Step<string, string>>>()
export const everyOption = step(
  'd2',
  {
    attempts: 5,
    backoff: '1s',
    retryOn: (error) => error instanceof Error,
    timeout: 1_000,
    deadline: '1h',
    pool: 'thread',
    module: import.meta.url,
    priority: 3,
    onDrift: 'keep',
    effect: 'at-least-once',
  },
  async (id: string) => id,
)
// @ts-expect-error not a duration
step('d3', { timeout: '10 parsecs' }, async (id: string) => id)
// @ts-expect-error no such option
step('d4', { retries: 3 }, async (id: string) => id)

// ---- schemas

const e = step('e', { input: Req }, async (r) => r.when.getTime())
is<Eq<typeof e, Step<{ id: string; when: string }, number>>>()
const e1 = step('e1', { input: Req, attempts: 2 }, async (r, ctx) => ({ r, k: ctx.idempotencyKey }))
is<Eq<typeof e1, Step<{ id: string; when: string }, { r: { id: string; when: Date }; k: string }>>>()
const e2 = step('e2', { input: Opt }, async (r) => r.n)
const f = step('f', { input: Req, output: Dec }, async (r) => ({ ok: r.id === 'x' }))
is<Eq<typeof f, Step<{ id: string; when: string }, { ok: boolean; at: Date }>>>()
const g = step('g', { output: Dec }, async (id: string) => ({ ok: id === '' }))
is<Eq<typeof g, Step<string, { ok: boolean; at: Date }>>>()
const g0 = step('g0', { output: Dec }, async () => ({ ok: true }))
is<Eq<typeof g0, Step<void, { ok: boolean; at: Date }>>>()
// @ts-expect-error wrong output
step('gx', { output: Dec }, async () => ({ ok: 'no' }))

// ---- effects

const h = step('h', { effect: 'at-most-once', timeout: '1s' }, async (id: string) => id)
is<Eq<typeof h, Step<string, string>>>()
// @ts-expect-error at most once is one attempt
step('hx', { effect: 'at-most-once', attempts: 3 }, async (id: string) => id)
// @ts-expect-error the same with a schema
step('hx', { effect: 'at-most-once', attempts: 3, input: Req }, async (_r) => 1)
const r1 = step(
  'r1',
  { input: Req, reconcile: async (input, _ctx) => ({ done: true, result: input.id.length }) },
  async (r) => r.id.length,
)
is<Eq<typeof r1, Step<{ id: string; when: string }, number>>>()
const r2 = step('r2', { reconcile: async (_input: string, _ctx) => ({ done: false }) }, async (id: string) => id.length)
is<Eq<typeof r2, Step<string, number>>>()
const r3 = step(
  'r3',
  { reconcile: async (_input: string, _ctx) => ({ done: true, result: 5 }) },
  async (id: string, _ctx) => id.length,
)
is<Eq<typeof r3, Step<string, number>>>()
const r4 = step(
  'r4',
  { reconcile: async (input, _ctx) => ({ done: true, result: input.length }) },
  async (id: string) => id.length,
)
is<Eq<typeof r4, Step<string, number>>>()
step(
  'r5',
  // @ts-expect-error an unannotated input before a context-sensitive fn: TypeScript fixes I from left to right
  { reconcile: async (input, _ctx) => ({ done: true, result: input.length }) },
  async (id: string, _ctx) => id.length,
)
const r6 = step(
  'r6',
  { input: Req, output: Dec, reconcile: async (_input) => ({ done: true, result: { ok: true } }) },
  async (_r) => ({ ok: true }),
)
is<Eq<typeof r6, Step<{ id: string; when: string }, { ok: boolean; at: Date }>>>()
const r7 = step('r7', { effect: 'at-least-once', retryOn: (_e) => true, attempts: 3 }, async (id: string) => id)
is<Eq<typeof r7, Step<string, string>>>()
export const unknownFor = step(
  'r8',
  { reconcile: async (_input: string) => ({ done: 'unknown', retryAfter: '5s' }), settleAfter: '1m' },
  async (id: string) => id,
)
// @ts-expect-error the reconciled result is not what the step returns
step('r9', { input: Req, reconcile: async () => ({ done: true, result: 'no' }) }, async (r) => r.id.length)

// ---- transactions

const t = step.transaction('t', (tx, id: string) => tx.run('DELETE FROM orders WHERE id = ?', id).changes)
is<Eq<typeof t, Step<string, number>>>()
const t0 = step.transaction('t0', (tx) => tx.all<{ id: string }>('SELECT id FROM orders'))
is<Eq<typeof t0, Step<void, { id: string }[]>>>()
const t1 = step.transaction('t1', { input: Req, attempts: 2 }, (_tx, r) => r.when.getTime())
is<Eq<typeof t1, Step<{ id: string; when: string }, number>>>()
const t2 = step.transaction('t2', { backoff: 5 }, (_tx, n: number, ctx) => n + ctx.attempt)
is<Eq<typeof t2, Step<number, number>>>()

// ---- workflows

const go = signal('go', Dec)
const plain = signal<{ n: number }>('plain')
const bare = signal('bare')

const w = workflow('w', { input: Req, output: Dec }, async (r, ctx) => {
  is<Eq<typeof r, { id: string; when: Date }>>()
  if (r.id === 'again') return ctx.continueAs({ id: 'x', when: 's' })
  // @ts-expect-error continueAs takes what callers pass, not what fn sees
  if (r.id === 'wrong') return ctx.continueAs({ id: 'x', when: new Date() })
  await b()
  await d0()
  await g0()
  await a('x')
  await c5()
  await e2()
  await e2({ n: 1 })
  // @ts-expect-error it takes no input
  await b(1)
  // @ts-expect-error it takes one
  await a()
  // @ts-expect-error of another type
  await a(1)
  // @ts-expect-error it takes one
  await c7()
  // @ts-expect-error a null is not left out
  await c6()
  // @ts-expect-error the parsed type is not the input type
  await f({ id: 'x', when: new Date() })
  const p = await parallel({ x: () => a('1'), y: () => c(2), z: async () => 'z' as const, s: () => 4 })
  is<Eq<typeof p, { x: { id: string; total: number }; y: number; z: 'z'; s: number }>>()
  const q = await race({ go: () => go.wait({ timeout: '1h' }), plain: () => plain.wait(), n: () => c(1) })
  if (q.key === 'go') {
    is<Eq<typeof q.value, { ok: boolean; at: Date }>>()
  } else if (q.key === 'n') {
    is<Eq<typeof q.value, number>>()
  } else {
    is<Eq<typeof q.value, { n: number }>>()
  }
  is<Eq<Awaited<ReturnType<typeof bare.wait>>, void>>()
  // @ts-expect-error not a duration
  await go.wait({ timeout: 'soon' })
  await sleep('2h')
  await sleep(new Date())
  // @ts-expect-error not a duration
  await sleep('2 hours')
  const ap = await approval('ok?', { role: 'finance', timeout: '2d', of: r })
  is<Eq<typeof ap.form, undefined>>()
  const af = await approval('ok?', { form: Dec })
  is<Eq<typeof af.form, { ok: boolean; at: Date }>>()
  const de = await approval.ask('ok?', { form: Dec })
  if (de.status === 'approved') is<Eq<typeof de.form, { ok: boolean; at: Date }>>()
  else if (de.status === 'rejected') is<Eq<typeof de.reason, string | undefined>>()
  // @ts-expect-error an expired question has no form
  de.form
  async function* gen() {
    yield { id: 'x', n: 1 }
  }
  const o1 = await each(gen(), { key: (i) => i.id, concurrency: 3, onError: 'collect' }, async (i) => c(i.n))
  for (const o of o1) {
    if (o.ok) is<Eq<typeof o.value, number>>()
    else is<Eq<typeof o.error, Error>>()
    is<Eq<typeof o.item, { id: string; n: number }>>()
  }
  const o2 = await each([{ id: 'x' }], { key: (i) => i.id }, async (i) => i.id)
  is<Eq<typeof o2, string[]>>()
  const o3 = await each(new Set(['a']), { key: (i) => i, onError: 'stop' }, a)
  is<Eq<typeof o3, { id: string; total: number }[]>>()
  const o5 = await each([{ id: 'x' }], { key: (i) => i.id, onError: 'collect' }, async (i) => i.id)
  is<Eq<(typeof o5)[0]['key'], string>>()
  const o6 = await each(['x'], { key: (i) => i, subject: (i) => i, snapshot: true }, w2)
  is<Eq<typeof o6, number[]>>()
  // @ts-expect-error a step that takes a number
  await each(['a'], { key: (i) => i }, c)
  // @ts-expect-error a workflow that takes a string
  await each([1], { key: (i) => String(i) }, w2)
  const policy = 'collect' as 'collect' | 'stop'
  const either = await each(['a'], { key: (i) => i, onError: policy }, async () => 1)
  for (const one of either) if (typeof one !== 'number') is<Eq<typeof one.key, string>>()
  const ch = await child(w2, 'in')
  is<Eq<typeof ch, number>>()
  const ch0 = await child(w0)
  const ch1 = await child(w0, undefined, { id: 'x' })
  is<Eq<typeof ch0 | typeof ch1, number>>()
  // @ts-expect-error missing
  await child(w2)
  // @ts-expect-error of another type
  await child(w2, 1)
  // @ts-expect-error the parsed type is not the input type
  await child(w3, { id: 'x', when: new Date() })
  // @ts-expect-error no such option
  await child(w2, 'in', { onParentClose: 'kill' })
  const hs = await child.start(w2, 'in', { onParentClose: 'cancel' })
  is<Eq<Awaited<ReturnType<typeof hs.result>>, number>>()
  await hs.signal(bare)
  await hs.signal(plain, { n: 1 })
  await hs.signal(go, { ok: true })
  // @ts-expect-error missing
  await hs.signal(plain)
  // @ts-expect-error of another type
  await hs.signal(plain, { n: '1' })
  // @ts-expect-error the output of its schema is not its input
  await hs.signal(go, { ok: 1 })
  compensate(a, 'x')
  compensate(b)
  // @ts-expect-error missing
  compensate(a)
  // @ts-expect-error of another type
  compensate(a, 1)
  // @ts-expect-error it takes none
  compensate(b, 1)
  return { ok: true }
})
is<Eq<typeof w, Workflow<{ id: string; when: string }, { ok: boolean; at: Date }>>>()
const w2 = workflow('w2', async (s: string) => s.length)
is<Eq<typeof w2, Workflow<string, number>>>()
const w0 = workflow('w0', async () => 1)
is<Eq<typeof w0, Workflow<void, number>>>()
const w3 = workflow('w3', { input: Req }, async (r) => r.when)
is<Eq<typeof w3, Workflow<{ id: string; when: string }, Date>>>()
const w4 = workflow('w4', { deadline: '1h' }, async (n: number, ctx) => {
  if (n > 3) return ctx.continueAs(n - 1)
  return n
})
is<Eq<typeof w4, Workflow<number, number>>>()
const w5 = workflow('w5', { output: Dec }, async (n: number) => ({ ok: n > 1 }))
is<Eq<typeof w5, Workflow<number, { ok: boolean; at: Date }>>>()
const w6 = workflow('w6', async (n: number, ctx) => {
  if (n > 3) return ctx.continueAs(n - 1)
  return n
})
is<Eq<typeof w6, Workflow<number, number>>>()
// @ts-expect-error wrong output
workflow('wx', { output: Dec }, async () => ({ ok: 'no' }))

// ---- apps

export async function useApp() {
  await using app = await spanwise({ store: 'sqlite:./x', workflows: [w, w2, w0] })
  const run = await app.start(w, { id: 'x', when: 'y' }, { id: 'x' })
  is<Eq<typeof run, Run<{ ok: boolean; at: Date }>>>()
  const o = await run.result()
  is<Eq<typeof o.at, Date>>()
  await run.result({ onAttention: 'wait' })
  await app.start(w0)
  await app.start(w0, undefined, { id: '1', tenant: 't', tags: ['a'], delay: '1h', deadline: new Date(), priority: 1 })
  // @ts-expect-error transformed type is not the input type
  await app.start(w, { id: 'x', when: new Date() })
  // @ts-expect-error missing
  await app.start(w2)
  // @ts-expect-error of another type
  await app.start(w2, 1)
  const n = await app.run(w2, 'x')
  is<Eq<typeof n, number>>()
  const got = await app.get(w2, 'id')
  is<Eq<typeof got, Run<number> | undefined>>()
  const any = await app.get('r-1')
  is<Eq<typeof any, Run<unknown> | undefined>>()
  return [run, app] as const
}

export async function useRun(app: App, run: Run<number>) {
  await run.signal(bare)
  await run.signal(bare, undefined, { sendId: '1' })
  await run.signal(plain, { n: 1 })
  await run.signal(plain, { n: 1 }, { sendId: '1' })
  await run.signal(go, { ok: true })
  // @ts-expect-error missing
  await run.signal(plain)
  // @ts-expect-error of another type
  await run.signal(plain, { n: 'one' })
  // @ts-expect-error it carries nothing
  await run.signal(bare, 5)
  // @ts-expect-error what the schema makes of it is not what is sent
  await run.signal(go, { at: new Date() })
  await app.decide('a-1', { approve: true, by: 'ann', form: { ok: true } })
  await app.decide('a-1', { approve: false, by: 'ann', reason: 'too much' })
  // @ts-expect-error somebody decides
  await app.decide('a-1', { approve: true })
  // @ts-expect-error yes or no
  await app.decide('a-1', { approve: 'yes', by: 'ann' })
  await run.resume()
  await run.resume({ edit: { input: 1 }, discard: true })
  await run.resume({ edit: { result: 1 } })
  // @ts-expect-error one or the other
  await run.resume({ edit: {} })
  await app.resume({ fingerprint: 'x' }, { dryRun: true })
  await app.cancel({ workflow: 'w', status: 'waiting' }, { reason: 'no' })
  // @ts-expect-error no such status
  await app.giveUp({ status: 'lost' })
  // @ts-expect-error a step is not started
  await app.start(a, 'x')
}

export function generic<I, O>(s: Step<I, O>, input: I) {
  return s(input)
}
export const many = Promise.all(['a', 'b'].map(a))
const ex = step<string, number>('ex', async (s) => s.length)
is<Eq<typeof ex, Step<string, number>>>()
export const ex2 = step<string, number>('ex', { attempts: 2 }, async (s, ctx) => s.length + ctx.attempt)
const ex3 = workflow<string, number>('ex', async (s) => s.length)
is<Eq<typeof ex3, Workflow<string, number>>>()

// ---- limits

const l1 = step(
  'l1',
  {
    concurrency: { key: (input) => input.tenant, limit: 3 },
    rate: { limit: 60, per: '1m', key: (input) => input.tenant },
  },
  async (input: { tenant: string }) => input.tenant.length,
)
is<Eq<typeof l1, Step<{ tenant: string }, number>>>()
const l2 = step(
  'l2',
  { input: Req, concurrency: { key: (input) => input.when.slice(0, 10), limit: 1, scope: 'app' } },
  async (x) => x.when.getTime(),
)
is<Eq<typeof l2, Step<{ id: string; when: string }, number>>>()
const l3 = step('l3', { concurrency: 4 }, async () => 1)
is<Eq<typeof l3, Step<void, number>>>()
// @ts-expect-error a rate has a span
step('l4', { rate: { limit: 3 } }, async () => 1)
// @ts-expect-error the key of a number is none
step('l5', { concurrency: { key: (n) => n, limit: 3 } }, async (n: number) => n)

// ---- a cache: its key is made of what callers pass

const k1 = step(
  'k1',
  { cache: { lifetime: '1h', key: (input) => [input.tenant, input.n], tags: (input) => [input.tenant] } },
  async (input: { tenant: string; n: number }) => input.n,
)
is<Eq<typeof k1, Step<{ tenant: string; n: number }, number>>>()
const k2 = step(
  'k2',
  { input: Req, output: Dec, cache: { lifetime: 60_000, key: (input) => input.when.slice(0, 10), scope: 'tenant' } },
  async ({ when }) => ({ ok: when.getTime() > 0 }),
)
is<Eq<typeof k2, Step<{ id: string; when: string }, { ok: boolean; at: Date }>>>()
const k3 = step('k3', { cache: { lifetime: '1h', version: 2 } }, () => 'once')
is<Eq<typeof k3, Step<void, string>>>()
// @ts-expect-error a lifetime is said
step('kx', { cache: { key: 'all' } }, async (id: string) => id)
// @ts-expect-error no such scope
step('kx', { cache: { lifetime: '1h', scope: 'world' } }, async (id: string) => id)
// @ts-expect-error an effect that is meant to happen is not skipped
step('kx', { effect: 'at-most-once', cache: { lifetime: '1h' } }, async (id: string) => id)
// @ts-expect-error nor is what a transaction writes
step.transaction('kx', { cache: { lifetime: '1h' } }, (_tx, id: string) => id)
// @ts-expect-error tags are texts
step('kx', { cache: { lifetime: '1h', tags: (n) => [n] } }, async (n: number) => n)
declare const app5: App
void app5.cache.invalidate({ step: 'k1', key: ['acme', 1] })
void app5.cache.invalidate({ tag: 'acme' }, { dryRun: true })
// @ts-expect-error a key is one of a step
void app5.cache.invalidate({ key: 1 })
