import type { Result } from 'spanwise/client'
import { useRetention } from '../api/queries.ts'
import { Code } from '../parts/empty.tsx'
import { formatDuration } from '../parts/format.ts'
import { Problem } from '../parts/problem.tsx'

type Rule = Result<'getRetention'>['rules'][number]

/** The rules that always hold: those of the config, in words. */
export function StandingRules() {
  const retention = useRetention()
  if (retention.error !== null) return <Problem error={retention.error} />
  if (retention.data === undefined) return null
  const { rules, keepDecisions } = retention.data
  return (
    <>
      <h3 className="mb-1 text-xs font-medium text-soft">Rules that always hold</h3>
      {rules.length === 0 ? (
        <div className="text-sm">
          None: no run is let go by itself. In <code>spanwise.config.ts</code>:
          <Code>{"retention: [{ status: 'completed', keep: '30d', action: 'archive' }]"}</Code>
        </div>
      ) : (
        <ol className="list-inside list-decimal space-y-0.5 text-sm">
          {rules.map((rule) => (
            <li key={JSON.stringify(rule)}>{inWords(rule)}</li>
          ))}
        </ol>
      )}
      <p className="mt-2 text-xs text-soft">
        {keepDecisions === undefined
          ? 'Runs with decisions are let go like others.'
          : `Runs with decisions stay for ${formatDuration(keepDecisions)} after their end, whatever the rules say.`}
      </p>
    </>
  )
}

function inWords({ workflow, status, tag, keep, action }: Rule): string {
  const which = [
    status === undefined ? 'Runs that ended' : `Runs that are ${status.join(' or ')}`,
    ...(workflow === undefined ? [] : [`of ${workflow}`]),
    ...(tag === undefined ? [] : [`with tag ${tag}`]),
  ].join(' ')
  const done = action === 'archive' ? 'archived' : 'deleted'
  return keep === undefined ? `${which} are never ${done}.` : `${which} are ${done} after ${formatDuration(keep)}.`
}
