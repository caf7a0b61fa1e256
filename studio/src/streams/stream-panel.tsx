import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTail } from '../api/live-stream.ts'
import type { NamedStream } from '../api/types.ts'
import { CopyButton } from '../parts/copy.tsx'
import { formatCount } from '../parts/format.ts'
import { JsonView } from '../parts/json.tsx'
import { Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { ExactTime } from '../parts/time.tsx'
import { lengthOf } from './length.ts'

/** One stream as it grows. It stays at the end until somebody scrolls up. */
export function StreamPanel({ name, state }: { readonly name: string; readonly state: NamedStream | undefined }) {
  const { parts, dropped, isLive, isOver, error } = useTail(name)
  const box = useRef<HTMLDivElement>(null)
  const [isFollowing, setFollowing] = useState(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: what came moves the end
  useEffect(() => {
    if (isFollowing) box.current?.scrollTo({ top: box.current.scrollHeight })
  }, [parts, isFollowing])
  return (
    <Panel
      title={<span className="break-all">{name}</span>}
      actions={
        <>
          <span role="status" className="text-xs text-soft">
            {isOver ? '✓ all of it' : isLive ? <span className="text-good">● live</span> : 'connecting…'}
          </span>
          <CopyButton
            label="Copy as curl"
            text={`curl -N '${location.origin}/streams/${name.split('/').map(encodeURIComponent).join('/')}?offset=-1&live=sse'`}
          />
          <Link to="/named-streams" className="px-2 text-sm text-soft hover:text-ink">
            Close
          </Link>
        </>
      }
    >
      {state !== undefined && (
        <dl className="mb-3 grid gap-x-8 gap-y-1 text-sm sm:grid-cols-[auto_1fr]">
          <dt className="text-soft">Length</dt>
          <dd>{lengthOf(state)}</dd>
          {state.closedAt !== undefined && (
            <>
              <dt className="text-soft">Closed</dt>
              <dd>
                <ExactTime at={new Date(state.closedAt)} />
              </dd>
            </>
          )}
          {state.digest !== undefined && (
            <>
              <dt className="text-soft">Digest</dt>
              <dd>
                <code className="text-xs break-all">sha256 {state.digest}</code>
                {state.seal !== undefined && (
                  <span className="block text-xs text-soft">
                    on record as entry {formatCount(state.seal)} of the store’s own history
                  </span>
                )}
              </dd>
            </>
          )}
          {state.expiresAt !== undefined && (
            <>
              <dt className="text-soft">Expires</dt>
              <dd>
                <ExactTime at={new Date(state.expiresAt)} />
              </dd>
            </>
          )}
        </dl>
      )}
      {error !== undefined && <Problem error={error} />}
      <div
        ref={box}
        role="log"
        aria-label={`What is in ${name}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-md bg-page px-3 py-2"
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
          setFollowing(scrollHeight - scrollTop - clientHeight < 40)
        }
      >
        {dropped > 0 && <p className="text-xs text-soft">{formatCount(dropped)} earlier ones are not shown.</p>}
        {parts.length === 0 && <p className="text-xs text-soft">Nothing in it yet.</p>}
        {parts.map(({ n, value }) =>
          typeof value === 'string' ? (
            <pre key={n} className="font-mono text-xs break-words whitespace-pre-wrap">
              {value}
            </pre>
          ) : (
            <JsonView key={n} value={value} open={1} />
          ),
        )}
      </div>
    </Panel>
  )
}
