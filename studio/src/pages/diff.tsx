import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useDiff } from '../api/queries.ts'
import type { DiffFact } from '../api/types.ts'
import { JsonView } from '../parts/json.tsx'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { StatusBadge } from '../parts/status.tsx'

const looks = {
  same: 'text-soft',
  'other input': 'bg-wait-tint',
  'other result': 'bg-warn-tint',
  'only a': 'bg-bad-tint',
  'only b': 'bg-good-tint',
} as const

/** Two runs side by side, by what they did. */
export function Diff() {
  const { run, other } = useParams({ from: '/runs/$run/diff/$other' })
  const diff = useDiff(run, other)
  const [same, setSame] = useState(false)
  if (diff.error !== null) return <Problem error={diff.error} />
  if (diff.data === undefined) return <p className="text-soft">Comparing…</p>
  const { a, b, rows } = diff.data
  const shown = same ? rows : rows.filter(({ is }) => is !== 'same')
  return (
    <>
      <PageHead
        title="Two runs side by side"
        about={`${rows.length - rows.filter(({ is }) => is === 'same').length} of ${rows.length} operations are not the same.`}
        actions={
          <label className="flex items-center gap-2 text-sm">
            <input type="checkbox" checked={same} onChange={(event) => setSame(event.target.checked)} />
            show what is the same
          </label>
        }
      />
      <Panel flush>
        <div className="grid grid-cols-2 border-b border-line text-sm">
          {[a, b].map((side, i) => (
            <p key={side.run} className="flex flex-wrap items-center gap-2 px-4 py-2">
              <span className="font-semibold">{i === 0 ? 'a' : 'b'}</span> {side.workflow} <RunLink run={side.run} />
              <StatusBadge status={side.status} />
            </p>
          ))}
        </div>
        {shown.length === 0 && <p className="p-4 text-sm text-soft">They did the same.</p>}
        {shown.map((row) => (
          <section key={`${row.key} ${row.is}`} className={`border-b border-line px-4 py-2 ${looks[row.is]}`}>
            <h2 className="flex flex-wrap gap-3 font-mono text-xs">
              {row.key}
              <span className="font-sans text-soft">
                {row.is}
                {row.differsAt !== undefined && ` at ${row.differsAt}`}
              </span>
            </h2>
            {row.is !== 'same' && (
              <div className="mt-1 grid grid-cols-2 gap-4">
                <Side run={a.run} fact={row.a} />
                <Side run={b.run} fact={row.b} />
              </div>
            )}
          </section>
        ))}
      </Panel>
    </>
  )
}

function Side({ run, fact }: { readonly run: string; readonly fact: DiffFact | undefined }) {
  if (fact === undefined) return <p className="text-xs text-soft">not there</p>
  const { index, input, outcome } = fact
  return (
    <div className="min-w-0">
      <Link to="/runs/$run" params={{ run }} search={{ entry: index }} className="text-xs text-accent underline">
        entry {index}
      </Link>
      <JsonView
        open={2}
        value={{ ...(input === undefined ? {} : { input }), [outcome.state]: outcome.value ?? outcome.error }}
      />
    </div>
  )
}
