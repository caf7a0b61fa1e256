import type { Page } from '../store.ts'
import type {
  DeliveryQuery,
  DeliveryRow,
  DeliveryState,
  DueQuery,
  NewDelivery,
  PutWebhook,
  ResendOrder,
  SettledDelivery,
  WebhookChange,
  WebhookCount,
  WebhookRow,
} from '../webhooks.ts'
import type { Context } from './context.ts'
import { deriveDeliveries, endOfLog } from './deliveries.ts'

const ways = ['in', 'out'] as const
const states: readonly DeliveryState[] = ['pending', 'delivered', 'dead']

type Raw = Readonly<Record<string, string | number | null>>

const selectDelivery = `SELECT d.*, r.run, r.workflow, r.tenant FROM spanwise_deliveries d
  LEFT JOIN spanwise_runs r ON r.seq = d.run_seq`

/** of one run to one endpoint, one after the other */
const isFirst = `(d.run_seq IS NULL OR NOT EXISTS (SELECT 1 FROM spanwise_deliveries e
  WHERE e.state = 0 AND e.webhook = d.webhook AND e.run_seq = d.run_seq AND e.seq < d.seq))`

/** What can be asked of the store about webhooks; part of `operations.ts`. */
export const webhookOperations = {
  putWebhooks(
    context: Context,
    { webhooks, at }: { readonly webhooks: readonly PutWebhook[]; readonly at: number },
  ): void {
    const since = endOfLog(context)
    for (const { name, way, about } of webhooks)
      context
        .sql(
          `INSERT INTO spanwise_webhooks (name, way, about, since, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT (name) DO UPDATE SET about = ?3, since = iif(way = ?2, since, ?4), way = ?2`,
        )
        .run(name, ways.indexOf(way), about, since, at)
  },
  webhooks: (context: Context, _: undefined): readonly WebhookRow[] => {
    const counts = new Map<string, number>()
    for (const row of context.sql('SELECT webhook, state, count(*) AS n FROM spanwise_deliveries GROUP BY 1, 2').all())
      counts.set(`${row['webhook']} ${row['state']}`, Number(row['n']))
    const count = (name: string, state: DeliveryState): number => counts.get(`${name} ${states.indexOf(state)}`) ?? 0
    return (context.sql('SELECT * FROM spanwise_webhooks ORDER BY name').all() as Raw[]).map((raw) => ({
      ...toWebhook(context, raw),
      pending: count(String(raw['name']), 'pending'),
      delivered: count(String(raw['name']), 'delivered'),
      dead: count(String(raw['name']), 'dead'),
    }))
  },
  changeWebhook(context: Context, change: WebhookChange): WebhookRow | undefined {
    const [at, why] = 'disable' in change ? [change.at, context.columns.seal(change.disable)] : [null, null]
    context
      .sql(
        // turned on again it is told of what happens from then on
        `UPDATE spanwise_webhooks SET since = iif(?1 IS NULL AND disabled_at IS NOT NULL, ?4, since),
         disabled_at = ?1, disabled_why = ?2 WHERE name = ?3 AND (disabled_at IS NULL) <> (?1 IS NULL)`,
      )
      .run(at, why, change.name, endOfLog(context))
    return webhookOperations.webhooks(context, undefined).find(({ name }) => name === change.name)
  },
  countWebhooks(context: Context, counts: readonly WebhookCount[]): void {
    for (const { name, accepted, repeated, ignored, refused, at, refusal } of counts)
      context
        .sql(
          `UPDATE spanwise_webhooks SET accepted = accepted + ?1, repeated = repeated + ?2, ignored = ignored + ?3,
           refused = refused + ?4, last_at = iif(?1 + ?2 + ?3 > 0, ?5, last_at),
           refused_at = iif(?4 > 0, ?5, refused_at), refusal = coalesce(?6, refusal) WHERE name = ?7`,
        )
        .run(accepted, repeated, ignored, refused, at, refusal ?? null, name)
  },
  deriveDeliveries,
  addDelivery(context: Context, { id, webhook, type, about, at }: NewDelivery): void {
    context
      .sql(
        `INSERT OR IGNORE INTO spanwise_deliveries (id, webhook, type, about, at, state, next_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?5, ?5)`,
      )
      .run(id, webhook, type, about ?? null, at)
  },
  dueDeliveries: (context: Context, { webhooks, now, limit }: DueQuery): readonly DeliveryRow[] =>
    (
      context
        .sql(
          `${selectDelivery} WHERE d.state = 0 AND d.next_at <= ?1 AND ${isFirst}
           AND d.webhook IN (SELECT value FROM json_each(?2)) ORDER BY d.next_at, d.seq LIMIT ?3`,
        )
        .all(now, JSON.stringify(webhooks), limit) as Raw[]
    ).map(toDelivery),
  nextDelivery: (context: Context, webhooks: readonly string[]): number | undefined =>
    (context
      .sql(
        `SELECT min(d.next_at) AS next FROM spanwise_deliveries d WHERE d.state = 0 AND ${isFirst}
         AND d.webhook IN (SELECT value FROM json_each(?1))`,
      )
      .get(JSON.stringify(webhooks))?.['next'] as number | null) ?? undefined,
  settleDelivery(context: Context, { seq, state, attempts, nextAt, status, error, at }: SettledDelivery): void {
    context
      .sql(
        `UPDATE spanwise_deliveries SET state = ?, attempts = ?, next_at = ?, status = ?, error = ?, updated_at = ?
         WHERE seq = ?`,
      )
      .run(states.indexOf(state), attempts, nextAt ?? null, status ?? null, error ?? null, at, seq)
  },
  deliveries(context: Context, { webhook, state, run, id, after, limit }: DeliveryQuery): Page<DeliveryRow> {
    const rows = (
      context
        .sql(
          `${selectDelivery} WHERE (?1 IS NULL OR d.webhook = ?1) AND (?2 IS NULL OR d.state = ?2)
           AND (?3 IS NULL OR r.run = ?3) AND (?4 IS NULL OR d.id = ?4) AND (?5 IS NULL OR d.seq < ?5)
           ORDER BY d.seq DESC LIMIT ?6`,
        )
        .all(
          webhook ?? null,
          state === undefined ? null : states.indexOf(state),
          run ?? null,
          id ?? null,
          after === undefined ? null : Number(after),
          limit + 1,
        ) as Raw[]
    ).map(toDelivery)
    const items = rows.slice(0, limit)
    return { items, after: rows.length > limit ? String(items.at(-1)?.seq) : undefined }
  },
  resendDeliveries: (context: Context, { id, webhook, state, at }: ResendOrder): number =>
    id === undefined && webhook === undefined
      ? 0
      : Number(
          context
            .sql(
              `UPDATE spanwise_deliveries SET state = 0, attempts = 0, next_at = ?1, updated_at = ?1
               WHERE (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR webhook = ?3) AND (?4 IS NULL OR state = ?4)`,
            )
            .run(at, id ?? null, webhook ?? null, state === undefined ? null : states.indexOf(state)).changes,
        ),
} as const

export const webhookReads = ['webhooks', 'dueDeliveries', 'nextDelivery', 'deliveries'] as const

function toWebhook({ columns }: Context, raw: Raw): Omit<WebhookRow, 'pending' | 'delivered' | 'dead'> {
  const at = raw['disabled_at']
  return {
    name: String(raw['name']),
    way: ways[Number(raw['way'])] as WebhookRow['way'],
    about: String(raw['about']),
    disabled: at === null ? undefined : { at: Number(at), reason: columns.open(String(raw['disabled_why'] ?? '')) },
    createdAt: Number(raw['created_at']),
    accepted: Number(raw['accepted']),
    repeated: Number(raw['repeated']),
    ignored: Number(raw['ignored']),
    refused: Number(raw['refused']),
    lastAt: (raw['last_at'] as number | null) ?? undefined,
    refusedAt: (raw['refused_at'] as number | null) ?? undefined,
    refusal: (raw['refusal'] as string | null) ?? undefined,
  }
}

function toDelivery(raw: Raw): DeliveryRow {
  return {
    seq: Number(raw['seq']),
    id: String(raw['id']),
    webhook: String(raw['webhook']),
    type: String(raw['type']),
    run: (raw['run'] as string | null) ?? undefined,
    workflow: (raw['workflow'] as string | null) ?? undefined,
    tenant: (raw['tenant'] as string | null) ?? undefined,
    index: (raw['idx'] as number | null) ?? undefined,
    approval: (raw['approval'] as string | null) ?? undefined,
    about: (raw['about'] as string | null) ?? undefined,
    at: Number(raw['at']),
    state: states[Number(raw['state'])] as DeliveryState,
    attempts: Number(raw['attempts']),
    nextAt: (raw['next_at'] as number | null) ?? undefined,
    status: (raw['status'] as number | null) ?? undefined,
    error: (raw['error'] as string | null) ?? undefined,
    updatedAt: Number(raw['updated_at']),
  }
}
