import { setTimeout as wait } from 'node:timers/promises'
import { FailError, step } from 'spanwise'
import { type Done, effect, isMended, type Job, ledger } from './effects.ts'

export const plain = step('plain', async ({ label, ms }: Job, context): Promise<Done> => {
  const done = effect('plain', label, context)
  if (ms !== undefined) await wait(ms)
  return done
})

export const quick = step('quick', ({ label }: Job, context): Done => effect('quick', label, context))

/** fails twice */
export const flaky = step('flaky', { attempts: 4, backoff: '3ms' }, async ({ label }: Job, context): Promise<Done> => {
  const done = effect('flaky', label, context)
  await wait(1)
  if (context.attempt < 3) throw new Error(`attempt ${context.attempt} of ${label}`)
  return done
})

/** hangs in its first attempt until it is stopped */
export const hanging = step(
  'hanging',
  { timeout: '25ms', backoff: '2ms', deadline: '10m' },
  async ({ label }: Job, context): Promise<Done> => {
    const done = effect('hanging', label, context)
    context.heartbeat()
    if (context.attempt === 1) await wait(60_000, undefined, { signal: context.abortSignal })
    return done
  },
)

export const once = step('once', { effect: 'at-most-once' }, async ({ label, ms }: Job, context): Promise<Done> => {
  const done = effect('once', label, context)
  await wait(ms ?? 1)
  return done
})

export const ledgered = step(
  'ledgered',
  {
    backoff: '2ms',
    reconcile: async (_job: Job, { idempotencyKey }) => {
      const nonce = ledger.read(idempotencyKey)
      return nonce === undefined ? { done: false } : { done: true, result: { nonce } }
    },
  },
  async ({ label, trouble }: Job, context): Promise<Done> => {
    if (trouble === 'before' && context.attempt === 1) throw new Error('the line was dead')
    const done = effect('ledgered', label, context)
    ledger.write(context.idempotencyKey, done.nonce)
    await wait(2)
    if (trouble === 'after' && context.attempt === 1) throw new Error('the answer was lost')
    return done
  },
)

export const transfer = step.transaction('transfer', (tx, { label }: Job, context): Done => {
  tx.run('CREATE TABLE IF NOT EXISTS transfers (run TEXT, label TEXT, nonce TEXT)')
  tx.run('CREATE TABLE IF NOT EXISTS balance (one INTEGER PRIMARY KEY, total INTEGER)')
  tx.run('INSERT INTO balance VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET total = total + 1')
  const done = effect('transfer', label, context)
  tx.run('INSERT INTO transfers VALUES (?, ?, ?)', context.run.id, label, done.nonce)
  return done
})

export const crunch = step(
  'crunch',
  { pool: 'thread', module: import.meta.url, timeout: '60s' },
  ({ label, ms }: Job, context): Done => {
    const done = effect('crunch', label, context)
    const until = performance.now() + (ms ?? 1)
    while (performance.now() < until);
    return done
  },
)

/** cannot succeed before somebody mends the world */
export const fragile = step('fragile', ({ label }: Job, context): Done => {
  if (!isMended()) throw new TypeError(`${label} is broken`)
  return effect('fragile', label, context)
})

/** fails for good, for every third item */
export const picky = step('picky', async ({ label, ms }: Job, context): Promise<Done> => {
  const done = effect('picky', label, context)
  await wait(ms ?? 1)
  if (Number(label.replace(/\D/g, '')) % 3 === 0) throw new FailError(`not ${label}`)
  return done
})

export const undo = step('undo', { backoff: '2ms' }, async ({ label }: Job, context): Promise<Done> => {
  const done = effect('undo', label, context)
  await wait(1)
  return done
})
