import type { RunStatus } from '../entry.ts'
import type { Overlap } from '../schedules.ts'
import type { ApprovalRow, MailKind } from '../store.ts'

/** Small numbers in columns. Only add at the end: stores hold them. */
function codes<T extends string>(names: readonly T[]): { code(name: T): number; name(code: number): T } {
  const byName = new Map(names.map((name, code) => [name, code]))
  return {
    code: (name) => known(byName.get(name), name),
    name: (code) => known(names[code], code),
  }
}

function known<T>(value: T | undefined, of: string | number): T {
  if (value === undefined) throw new RangeError(`no such code in this version: ${of}`)
  return value
}

export const statuses = codes<RunStatus>([
  'queued',
  'running',
  'waiting',
  'needs attention',
  'completed',
  'failed',
  'cancelled',
])
export const mailKinds = codes<MailKind>(['signal', 'cancel', 'give-up', 'resume', 'decision', 'child', 'step'])
export const approvalStates = codes<ApprovalRow['state']>(['open', 'decided', 'expired', 'withdrawn'])
export const overlaps = codes<Overlap>(['skip', 'queue', 'cancel', 'allow'])

/** statuses from here on are terminal */
export const firstTerminal = statuses.code('completed')

/** What moves a run that needs attention; other mail waits. */
export const rousing: ReadonlySet<MailKind> = new Set(['cancel', 'give-up', 'resume'])
/** What moves a run before the time it was put off to. */
export const urgent: ReadonlySet<MailKind> = new Set(['cancel', 'give-up'])
