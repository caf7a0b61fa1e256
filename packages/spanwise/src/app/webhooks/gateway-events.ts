import type { WebhookEventType } from './outgoing.ts'

/** What a gateway says, where others may be told of it. The gateway's room is not below this one: its events are known by their shape. */
export function told(
  event: object,
): { readonly type: WebhookEventType; readonly what: string; readonly about: object } | undefined {
  const { type, budget, state, share, alias, model, before, after, run } = event as Readonly<Record<string, unknown>>
  if (type === 'budget')
    return {
      type: state === 'threshold' ? 'budget.warning' : 'budget.exceeded',
      what: `${budget} ${state}`,
      about: { budget, share },
    }
  if (type === 'unavailable') return { type: 'model.unavailable', what: String(alias), about: { model: alias } }
  // that of a run is on its record, and told from there
  if (type === 'model changed' && run === undefined)
    return { type: 'model.changed', what: `${alias} ${after}`, about: { alias, model, before, after } }
  return undefined
}
