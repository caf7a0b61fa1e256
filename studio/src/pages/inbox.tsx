import { useApprovals } from '../api/queries.ts'
import { Code, Empty } from '../parts/empty.tsx'
import { PageHead } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { ApprovalCard } from './approval-card.tsx'

export function Inbox() {
  const approvals = useApprovals()
  return (
    <>
      <PageHead title="Inbox" about="Runs that wait for somebody's answer, the longest waiting first." />
      {approvals.error !== null && <Problem error={approvals.error} />}
      {approvals.data?.items.length === 0 && (
        <Empty title="Nobody waits for an answer.">
          A workflow asks with <code>approval()</code> and waits, for days if need be:
          <Code>{"await approval('refund over $500', { role: 'finance', timeout: '2d' })"}</Code>
        </Empty>
      )}
      <div className="max-w-2xl space-y-4">
        {approvals.data?.items.map((approval) => (
          <ApprovalCard key={approval.id} approval={approval} />
        ))}
      </div>
    </>
  )
}
