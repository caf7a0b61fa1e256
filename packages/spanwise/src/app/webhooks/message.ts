import type { DeliveryRow, Meta, Store } from '../../journal/index.ts'
import { toEvent } from '../event.ts'
import { jsonable } from '../json.ts'

/**
 * What is told, as JSON. Made anew for each attempt from what is on record: what was erased meanwhile is not told.
 * @param content also what the run holds
 */
export async function messageOf(store: Store, delivery: DeliveryRow, content: boolean): Promise<string> {
  const { type, at, about, run, workflow, tenant, index, approval } = delivery
  const told = (data: object): string =>
    JSON.stringify({ type, timestamp: new Date(at).toISOString(), data: jsonable(data) })
  if (run === undefined || index === undefined) return told(about === undefined ? {} : (JSON.parse(about) as object))
  const [entry] = await store.entries(run, index, 1)
  const event = entry?.index === index ? toEvent(entry) : undefined
  const facts = {
    run,
    workflow,
    tenant,
    index,
    ...(approval === undefined ? {} : { approval }),
    ...(event === undefined ? {} : { code: event.meta['code'], fingerprint: event.meta['fingerprint'] }),
    ...(type === 'model.changed' ? changed(event?.meta) : {}),
    ...(type.startsWith('approval.') ? await facing(store, approval) : {}),
  }
  return told(content ? { ...facts, content: event?.payload } : facts)
}

function changed({ alias, model, replaced, answered }: Meta = {}): object {
  return { alias, model, before: replaced, after: answered }
}

async function facing(store: Store, approval: string | undefined): Promise<object> {
  const row = approval === undefined ? undefined : await store.approval(approval)
  if (row === undefined) return {}
  return {
    role: row.role,
    askedAt: new Date(row.at),
    expiresAt: row.expiresAt === undefined ? undefined : new Date(row.expiresAt),
  }
}
