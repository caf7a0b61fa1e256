import { Link } from '@tanstack/react-router'
import { errorFacts } from '../api/problem.ts'
import type { Failure } from '../api/types.ts'
import { formatCount } from '../parts/format.ts'
import { Ago } from '../parts/time.tsx'

export function FailureLine({ failure }: { readonly failure: Failure }) {
  const { fingerprint, workflow, needsAttention, lastSeen, example } = failure
  const { name, message } = errorFacts(example.error)
  return (
    <li className="border-b border-line last:border-0">
      <Link
        to="/runs"
        search={{ fingerprint }}
        data-row
        className="flex items-baseline justify-between gap-4 px-4 py-2 text-sm hover:bg-raised"
      >
        <span className="min-w-0">
          <span className="block truncate text-bad">
            {name}: {message}
          </span>
          <span className="text-xs text-soft">
            {workflow} · <Ago at={new Date(lastSeen)} />
          </span>
        </span>
        <span className="text-xs whitespace-nowrap">
          {formatCount(needsAttention)} run{needsAttention === 1 ? '' : 's'}
        </span>
      </Link>
    </li>
  )
}
