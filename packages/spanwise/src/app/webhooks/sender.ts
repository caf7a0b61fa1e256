import type { Clock } from '../../engine/index.ts'
import { type DeliveryRow, isSpanwiseError, type Store } from '../../journal/index.ts'
import type { Log } from '../../workflow/index.ts'
import { sameId } from '../same-id.ts'
import { messageOf } from './message.ts'
import type { OutgoingWebhook, WebhookEventType } from './outgoing.ts'
import { type Answer, post } from './post.ts'
import { secretsOf } from './secret.ts'
import { signedHeaders } from './sign.ts'

/** Sends what has to be told, in the background of the process that works; nobody waits for it. */
export interface Sender {
  readonly settled: boolean
  /** there may be something to tell */
  wake(): void
  /** something that is in no run's history; the same within an hour is told once. @param what says when it is the same */
  tell(type: WebhookEventType, what: string, about: object): void
  close(): Promise<void>
  kill(): void
}

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
/** between the attempts, each with a little more by chance; the last one again and again */
const pauses = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
  24 * hour,
]
/** sent at once, and of that to one endpoint: one that is slow does not hold up others */
const atOnce = 32
const atOnceEach = 8
/** commits of so long are looked at together, ms */
const gather = 50

export function createSender(
  store: Store,
  webhooks: readonly OutgoingWebhook[],
  { clock, log, random }: { readonly clock: Clock; readonly log: Log; readonly random: () => number },
): Sender {
  const byName = new Map(webhooks.map((one) => [one.name, one]))
  const sending = new Map<number, string>()
  const ending = new AbortController()
  let closing = false
  let walking: Promise<void> | undefined
  let again = false
  let timer: NodeJS.Timeout | undefined
  let unarm: (() => void) | undefined
  const posts = new Set<Promise<void>>()

  const wake = (): void => {
    if (closing || webhooks.length === 0 || timer !== undefined) return
    if (walking !== undefined) {
      again = true
      return
    }
    timer = setTimeout(() => {
      timer = undefined
      walking = walk()
        .catch((error: unknown) => {
          if (closing) return
          log.warn('what webhooks are to be told could not be looked up; it is tried again', { error })
          arm(clock.now() + 10 * second)
        })
        .finally(() => {
          walking = undefined
          if (again) wake()
          again = false
        })
    }, gather)
    timer.unref()
  }
  const arm = (at: number): void => {
    unarm?.()
    if (!closing) unarm = clock.at(at, wake)
  }
  const walk = async (): Promise<void> => {
    const off = new Set(
      (await store.webhooks()).filter(({ disabled }) => disabled !== undefined).map(({ name }) => name),
    )
    const active = webhooks.filter(({ name }) => !off.has(name))
    const endpoints = active.map(({ name, types, workflow, tenant }) => ({ name, types, workflow, tenant }))
    while (!closing && !(await store.deriveDeliveries({ endpoints, at: clock.now() })));
    const names = active.map(({ name }) => name)
    const due = await store.dueDeliveries({ webhooks: names, now: clock.now(), limit: 8 * atOnce })
    for (const delivery of due) {
      if (closing || sending.size >= atOnce) break
      const webhook = byName.get(delivery.webhook)
      const busy = [...sending.values()].filter((name) => name === delivery.webhook).length
      if (webhook === undefined || sending.has(delivery.seq) || busy >= atOnceEach) continue
      sending.set(delivery.seq, delivery.webhook)
      const work = attempt(webhook, delivery).then((isWritten) => {
        sending.delete(delivery.seq)
        posts.delete(work)
        // a store that takes nothing in is not asked at once again
        if (isWritten) wake()
        else arm(clock.now() + 10 * second)
      })
      posts.add(work)
    }
    const next = await store.nextDelivery(names)
    // what is on its way is due too, and says when it has arrived
    if (next !== undefined) arm(Math.max(next, sending.size > 0 ? clock.now() + second : 0))
  }

  /** Settled in the store when it is over: until then it is sent again by whoever opens the store next. */
  const attempt = async (webhook: OutgoingWebhook, delivery: DeliveryRow): Promise<boolean> => {
    try {
      const { answer, error } = await send(webhook, delivery)
      if (ending.signal.aborted) return false
      const attempts = delivery.attempts + 1
      const isThere = answer !== undefined && answer.status >= 200 && answer.status < 300
      const isGone = answer?.status === 410
      const isDead = !isThere && (isGone || error === 'WEBHOOK_ADDRESS' || attempts >= webhook.attempts)
      const pause = Math.round((pauses[attempts - 1] ?? (pauses.at(-1) as number)) * (1 + random() / 5))
      const at = clock.now()
      await store.settleDelivery({
        seq: delivery.seq,
        state: isThere ? 'delivered' : isDead ? 'dead' : 'pending',
        attempts,
        nextAt: isThere || isDead ? undefined : at + Math.max(pause, Math.round(answer?.retryAfter ?? 0)),
        status: answer?.status,
        error,
        at,
      })
      if (isGone) {
        await store.changeWebhook({ name: webhook.name, disable: 'the other side answered 410 Gone', at })
        log.warn(`webhook "${webhook.name}" is turned off: the other side answered 410 Gone`, { webhook: webhook.name })
      } else if (isDead)
        log.warn(`webhook "${webhook.name}" could not be told; spanwise webhooks deliveries --state dead`, {
          webhook: webhook.name,
          delivery: delivery.id,
          status: answer?.status,
          error,
        })
      return true
    } catch (error) {
      if (!closing) log.warn('what came of a webhook could not be written; it is sent again', { error })
      return false
    }
  }
  const send = async (
    webhook: OutgoingWebhook,
    delivery: DeliveryRow,
  ): Promise<{ readonly answer?: Answer; readonly error?: string }> => {
    const timeout = AbortSignal.timeout(webhook.timeout)
    try {
      const body = await messageOf(store, delivery, webhook.content)
      const headers = signedHeaders(delivery.id, body, secretsOf(webhook.name, webhook.secret), Date.now())
      const signal = AbortSignal.any([timeout, ending.signal])
      return { answer: await post({ url: webhook.url(), body, headers, signal, allowPrivate: webhook.allowPrivate }) }
    } catch (error) {
      if (timeout.aborted) return { error: 'TIMEOUT' }
      const { code } = error as { readonly code?: unknown }
      if (!isSpanwiseError(error) && typeof code !== 'string') log.error('a webhook could not be sent', { error })
      return { error: typeof code === 'string' ? code : String((error as Error).name) }
    }
  }

  wake()
  return {
    get settled() {
      return timer === undefined && walking === undefined && sending.size === 0
    },
    wake,
    tell(type, what, about) {
      const at = clock.now()
      for (const { name, types } of webhooks) {
        if (!types.includes(type)) continue
        const id = `msg_${sameId('webhook', name, type, what, String(Math.floor(at / hour)))}`
        store
          .addDelivery({ id, webhook: name, type, about: JSON.stringify(about), at })
          .then(wake, (error: unknown) => log.warn(`webhook "${name}" could not be told of ${type}`, { error }))
      }
    },
    async close() {
      closing = true
      unarm?.()
      clearTimeout(timer)
      timer = undefined
      await walking
      // what is on its way arrives, or is cut off and sent again
      const cut = setTimeout(() => ending.abort(), 2 * second)
      await Promise.all(posts)
      clearTimeout(cut)
    },
    kill() {
      closing = true
      unarm?.()
      clearTimeout(timer)
      timer = undefined
      ending.abort()
    },
  }
}
