import { Link, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useWorkflow } from '../api/queries.ts'
import type { WorkflowDetail, WorkflowInfo } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { Shape } from './shape.tsx'
import { StartDialog } from './start-dialog.tsx'

const GraphView = lazy(async () => ({ default: (await import('../graph/graph-view.tsx')).GraphView }))

/** One workflow, graph or agent: what it takes and gives, and what is inside. */
export function StartablePage() {
  const { workflow: name } = useParams({ from: '/catalogue/$workflow' })
  const workflow = useWorkflow(name)
  const [starting, setStarting] = useState(false)
  if (workflow.error !== null) return <Problem error={workflow.error} />
  if (workflow.data === undefined) return <p className="text-soft">Loading…</p>
  const { kind, graph, agent } = workflow.data
  const info = workflow.data as WorkflowInfo
  return (
    <>
      <PageHead
        title={name}
        about={
          <>
            <Link to="/catalogue" className="hover:underline">
              Catalogue
            </Link>{' '}
            · {kind}
            {agent?.description !== undefined && `: ${agent.description}`}
          </>
        }
        actions={
          <>
            <Link
              to="/runs"
              search={{ workflow: name }}
              className="inline-flex h-8 items-center rounded-md border border-line bg-panel px-3 text-sm font-medium hover:bg-raised"
            >
              Runs
            </Link>
            <Button look="primary" onClick={() => setStarting(true)}>
              Start…
            </Button>
          </>
        }
      />
      <div className="space-y-4">
        {graph !== undefined && (
          <Panel flush title="The graph">
            <Suspense fallback={<p className="px-4 py-6 text-sm text-soft">Loading…</p>}>
              <GraphView name={name} drawing={graph} />
            </Suspense>
          </Panel>
        )}
        {agent !== undefined && <AgentPanel agent={agent} />}
        <div className="grid gap-4 lg:grid-cols-2">
          <Panel title="Takes">
            {agent !== undefined && info.input === undefined ? (
              <p className="text-sm">A text.</p>
            ) : (
              <Shape schema={info.input} />
            )}
          </Panel>
          <Panel title="Gives">
            {agent !== undefined && info.output === undefined ? (
              <p className="text-sm">A text.</p>
            ) : (
              <Shape schema={info.output} />
            )}
          </Panel>
        </div>
      </div>
      {starting && <StartDialog workflow={info} onClose={() => setStarting(false)} />}
    </>
  )
}

function AgentPanel({ agent }: { readonly agent: NonNullable<WorkflowDetail['agent']> }) {
  const { model, tools, handoffs, hasRules, maxTurns, budgets } = agent
  return (
    <Panel title="The agent">
      <dl className="grid gap-x-8 gap-y-1.5 text-sm sm:grid-cols-[auto_1fr]">
        <dt className="text-soft">Model</dt>
        <dd>{model}</dd>
        <dt className="text-soft">Limits</dt>
        <dd>
          {maxTurns} turns{budgets.length > 0 && `, ${budgets.join(', ')}`}
        </dd>
        <dt className="text-soft">Approval</dt>
        <dd>
          {hasRules ? 'some of its calls wait for a person, or are refused' : 'none of its calls waits for a person'}
        </dd>
        {handoffs.length > 0 && (
          <>
            <dt className="text-soft">Hands over to</dt>
            <dd className="flex flex-wrap gap-3">
              {handoffs.map((name) => (
                <Link
                  key={name}
                  to="/catalogue/$workflow"
                  params={{ workflow: name }}
                  className="text-accent hover:underline"
                >
                  {name}
                </Link>
              ))}
            </dd>
          </>
        )}
        <dt className="text-soft">Tools</dt>
        <dd>
          {tools.length === 0 ? (
            'none'
          ) : (
            <ul className="space-y-0.5">
              {tools.map((tool) => (
                <li key={tool.name}>
                  <code className="text-xs">{tool.name}</code>
                  {tool.description !== undefined && <span className="text-soft"> {tool.description}</span>}
                </li>
              ))}
            </ul>
          )}
        </dd>
      </dl>
    </Panel>
  )
}
