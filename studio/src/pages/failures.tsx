import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { errorFacts } from '../api/problem.ts'
import { useFailures } from '../api/queries.ts'
import type { Failure } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Empty } from '../parts/empty.tsx'
import { formatCount } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { BulkDialog } from './bulk-dialog.tsx'

export function Failures() {
  const failures = useFailures()
  const [resuming, setResuming] = useState<string>()
  return (
    <>
      <PageHead
        title="Failures"
        about="The same failure in however many runs is one line. Mend the cause, then resume all of them from the step that failed."
      />
      {failures.error !== null && <Problem error={failures.error} />}
      <Panel flush>
        {failures.data?.items.length === 0 ? (
          <Empty title="Nothing has failed.">
            Runs that fail park here with their cause, and lose nothing: they go on from the step that failed.
          </Empty>
        ) : (
          <Table>
            <thead>
              <tr>
                <Th>Failure</Th>
                <Th>Workflow</Th>
                <Th className="text-right">Can be resumed</Th>
                <Th className="text-right">Failed for good</Th>
                <Th>Last seen</Th>
                <Th>First seen</Th>
                <Th>
                  <span className="sr-only">What can be done</span>
                </Th>
              </tr>
            </thead>
            <tbody>
              {failures.data?.items.map((failure) => (
                <Row key={failure.fingerprint} failure={failure} onResume={() => setResuming(failure.fingerprint)} />
              ))}
            </tbody>
          </Table>
        )}
      </Panel>
      {resuming !== undefined && (
        <BulkDialog target={{ fingerprint: resuming }} onClose={() => setResuming(undefined)} />
      )}
    </>
  )
}

function Row({ failure, onResume }: { readonly failure: Failure; readonly onResume: () => void }) {
  const { fingerprint, workflow, code, needsAttention, failed, firstSeen, lastSeen, example } = failure
  const { name, message } = errorFacts(example.error)
  return (
    <tr className="hover:bg-raised">
      <Td className="max-w-md">
        <Link to="/runs" search={{ fingerprint }} data-row className="font-medium break-words text-bad hover:underline">
          {name}: {message}
        </Link>
        <span className="block text-xs text-soft">
          {code !== undefined && <code>{code} · </code>}
          for example <RunLink run={example.run} />
        </span>
      </Td>
      <Td label="Workflow">{workflow}</Td>
      <Td label="Can be resumed" className="text-right">
        {formatCount(needsAttention)}
      </Td>
      <Td label="Failed for good" className="text-right">
        {formatCount(failed)}
      </Td>
      <Td label="Last seen">
        <Ago at={new Date(lastSeen)} />
      </Td>
      <Td label="First seen">
        <Ago at={new Date(firstSeen)} />
      </Td>
      <Td className="text-right">
        {needsAttention > 0 && (
          <Button look="primary" onClick={onResume}>
            Resume all
          </Button>
        )}
      </Td>
    </tr>
  )
}
