import type { RunStatus } from '../api/types.ts'

export const runStatuses: readonly RunStatus[] = [
  'needs attention',
  'failed',
  'running',
  'waiting',
  'queued',
  'completed',
  'cancelled',
]

const looks: Record<RunStatus, { readonly colour: string; readonly sign: string }> = {
  queued: { colour: 'bg-raised text-soft', sign: '○' },
  running: { colour: 'bg-busy-tint text-busy', sign: '◐' },
  waiting: { colour: 'bg-wait-tint text-wait', sign: '◌' },
  'needs attention': { colour: 'bg-warn-tint text-warn', sign: '▲' },
  completed: { colour: 'bg-good-tint text-good', sign: '✓' },
  failed: { colour: 'bg-bad-tint text-bad', sign: '✕' },
  cancelled: { colour: 'bg-raised text-soft', sign: '–' },
}

/** Told by a sign and a word too, not by colour alone. */
export function StatusBadge({ status }: { readonly status: RunStatus }) {
  const { colour, sign } = looks[status]
  return (
    <span
      className={`inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${colour}`}
    >
      <span aria-hidden="true">{sign}</span>
      {status}
    </span>
  )
}
