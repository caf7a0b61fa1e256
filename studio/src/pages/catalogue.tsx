import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useWorkflows } from '../api/queries.ts'
import type { WorkflowInfo } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Code, Empty } from '../parts/empty.tsx'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { Shape } from './shape.tsx'
import { StartDialog } from './start-dialog.tsx'

export function Catalogue() {
  const workflows = useWorkflows()
  const [starting, setStarting] = useState<WorkflowInfo>()
  return (
    <>
      <PageHead title="Catalogue" about="What this worker can run, with what it takes and what it gives." />
      {workflows.error !== null && <Problem error={workflows.error} />}
      {workflows.data?.length === 0 && (
        <Empty title="This worker knows no workflow.">
          Name them in <code>spanwise.config.ts</code>:
          <Code>{'export default defineConfig({ workflows: [refund] })'}</Code>
        </Empty>
      )}
      <div className="grid gap-4 lg:grid-cols-2">
        {workflows.data?.map((workflow) => (
          <Panel
            key={workflow.name}
            title={
              <>
                <Link
                  to="/catalogue/$workflow"
                  params={{ workflow: workflow.name }}
                  data-row
                  className="hover:underline"
                >
                  {workflow.name}
                </Link>{' '}
                <span className="font-normal text-soft">· {workflow.kind}</span>
              </>
            }
            actions={
              <>
                <Link
                  to="/runs"
                  search={{ workflow: workflow.name }}
                  className="inline-flex h-8 items-center rounded-md px-3 text-sm text-soft hover:bg-raised"
                >
                  Runs
                </Link>
                <Button look="primary" onClick={() => setStarting(workflow)}>
                  Start…
                </Button>
              </>
            }
          >
            <Shape title="Takes" schema={workflow.input} />
            <Shape title="Gives" schema={workflow.output} />
          </Panel>
        ))}
      </div>
      {starting !== undefined && <StartDialog workflow={starting} onClose={() => setStarting(undefined)} />}
    </>
  )
}
