import { useWebhooks } from '../api/queries.ts'
import { Code, Empty } from '../parts/empty.tsx'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { Deliveries } from './deliveries.tsx'
import { Incoming } from './incoming.tsx'
import { Outgoing } from './outgoing.tsx'

/** Who starts and tells runs from outside, and who is told what happens in them. */
export function Webhooks() {
  const webhooks = useWebhooks()
  const ins = webhooks.data?.filter(({ way }) => way === 'in') ?? []
  const outs = webhooks.data?.filter(({ way }) => way === 'out') ?? []
  return (
    <>
      <PageHead
        title="Webhooks"
        about="Others start and tell runs by calling an address; others are told what happens in runs. Both are signed, and nothing is lost or done twice."
      />
      {webhooks.error !== null && <Problem error={webhooks.error} />}
      {webhooks.data !== undefined && (
        <div className="space-y-4">
          <Panel flush title="In">
            {ins.length === 0 ? (
              <Empty title="Nobody tells us anything yet.">
                A webhook that comes in starts a workflow, or signals a run:
                <Code>{"webhook.in('github', { verify: 'github', secret, start: build })"}</Code>
              </Empty>
            ) : (
              <Incoming webhooks={ins} />
            )}
          </Panel>
          <Panel flush title="Out">
            {outs.length === 0 ? (
              <Empty title="Nobody is told anything yet.">
                A webhook that goes out tells another program what happens in runs:
                <Code>{"webhook.out('ops', { url, secret, events: ['run.failed', 'approval.*'] })"}</Code>
              </Empty>
            ) : (
              <Outgoing webhooks={outs} />
            )}
          </Panel>
          {outs.length > 0 && <Deliveries webhooks={outs} />}
        </div>
      )}
    </>
  )
}
