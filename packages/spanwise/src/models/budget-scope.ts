import type { ModelRun } from '../workflow/index.ts'
import type { Member } from './member.ts'

export type Dimension =
  | 'all'
  | 'run'
  | 'step'
  | 'workflow'
  | 'tenant'
  | 'team'
  | 'subject'
  | 'tag'
  | 'alias'
  | 'model'
  | 'key'
  /** what is going on: an agent, a team. Known by its name alone, and only where it is said so */
  | 'scope'

export interface BudgetScope {
  readonly by: Dimension
  /** only this one; each by itself when absent */
  readonly only: string | undefined
}

const dimensions: ReadonlySet<string> = new Set<Dimension>([
  'all',
  'run',
  'step',
  'workflow',
  'tenant',
  'team',
  'subject',
  'tag',
  'alias',
  'model',
  'key',
])

export function readScope(text: string): BudgetScope | undefined {
  const colon = text.indexOf(':')
  const by = colon < 0 ? text : text.slice(0, colon)
  const only = colon < 0 ? undefined : text.slice(colon + 1)
  if (!dimensions.has(by) || only === '' || (by === 'all' && only !== undefined)) return undefined
  return { by: by as Dimension, only }
}

/** Whose a call is, in each dimension. */
export interface Whose {
  readonly run: ModelRun | undefined
  readonly alias: string
}

/** By which candidates a call that a budget counts may be answered: its bound is theirs. Undefined where it does not count it. */
export function counted(
  { by, only }: BudgetScope,
  { run, alias }: Whose,
  members: readonly Member[],
): readonly { readonly value: string; readonly members: readonly Member[] }[] {
  const values = (): readonly (string | undefined)[] => {
    switch (by) {
      case 'all':
        return ['']
      case 'run':
        return [run?.id]
      case 'step':
        return [run?.step === undefined ? undefined : `${run.id} ${run.step}`]
      case 'workflow':
        return [run?.workflow]
      case 'tenant':
        return [run?.tenant]
      case 'team':
        return [run?.team]
      case 'subject':
        return [run?.subject]
      case 'tag':
        return run?.tags ?? []
      case 'alias':
        return [alias]
      case 'scope':
        return [only]
      case 'model':
      case 'key':
        return []
    }
  }
  const isMeant = (value: string | undefined): value is string =>
    value !== undefined && (only === undefined || value === only)
  if (by !== 'model' && by !== 'key')
    return values()
      .filter(isMeant)
      .map((value) => ({ value, members }))
  const groups = new Map<string, Member[]>()
  for (const member of members) {
    const value = by === 'model' ? member.model : member.key
    if (!isMeant(value)) continue
    const group = groups.get(value)
    if (group === undefined) groups.set(value, [member])
    else group.push(member)
  }
  return [...groups].map(([value, group]) => ({ value, members: group }))
}
