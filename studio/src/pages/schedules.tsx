import { acts, useAct, useSchedules } from '../api/queries.ts'
import type { Schedule } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Code, Empty } from '../parts/empty.tsx'
import { formatCount, formatDuration } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago, ExactTime } from '../parts/time.tsx'

export function Schedules() {
  const schedules = useSchedules()
  return (
    <>
      <PageHead
        title="Schedules"
        about="What starts by itself: exactly one run for each due time, over crashes and clock changes."
      />
      {schedules.error !== null && <Problem error={schedules.error} />}
      <Panel flush>
        {schedules.data?.items.length === 0 ? (
          <Empty title="Nothing is scheduled.">
            <Code>
              {"await app.schedule(digest, input, { id: 'daily', cron: '0 7 * * *', zone: 'Europe/Berlin' })"}
            </Code>
          </Empty>
        ) : (
          <Table>
            <thead>
              <tr>
                <Th>Schedule</Th>
                <Th>When</Th>
                <Th>Next</Th>
                <Th>Last run</Th>
                <Th className="text-right">Started</Th>
                <Th className="text-right">Left out</Th>
                <Th>
                  <span className="sr-only">What can be done</span>
                </Th>
              </tr>
            </thead>
            <tbody>
              {schedules.data?.items.map((schedule) => (
                <Row key={`${schedule.tenant} ${schedule.id}`} schedule={schedule} />
              ))}
            </tbody>
          </Table>
        )}
      </Panel>
    </>
  )
}

function Row({ schedule }: { readonly schedule: Schedule }) {
  const { id, workflow, cron, zone, every, at, paused, nextDue, lastRun, started, skipped } = schedule
  const act = useAct((what: (schedule: string) => Promise<unknown>) => what(id))
  return (
    <tr className="hover:bg-raised">
      <Td>
        <span className="font-medium">{id}</span>
        <span className="block text-xs text-soft">{workflow}</span>
      </Td>
      <Td label="When">
        {cron !== undefined && <code>{cron}</code>} {zone}
        {every !== undefined && `every ${formatDuration(every)}`}
        {at !== undefined && <ExactTime at={new Date(at)} />}
      </Td>
      <Td label="Next">
        {paused !== undefined ? (
          <span className="text-warn" title={paused.reason}>
            paused
          </span>
        ) : nextDue === undefined ? (
          'never'
        ) : (
          <Ago at={new Date(nextDue)} />
        )}
      </Td>
      <Td label="Last run">{lastRun === undefined ? '–' : <RunLink run={lastRun} />}</Td>
      <Td label="Started" className="text-right">
        {formatCount(started)}
      </Td>
      <Td label="Left out" className="text-right">
        {formatCount(skipped)}
      </Td>
      <Td>
        <span className="flex justify-end gap-1">
          <Button look="quiet" disabled={act.isPending} onClick={() => act.mutate(acts.triggerSchedule)}>
            Run now
          </Button>
          <Button
            look="quiet"
            disabled={act.isPending}
            onClick={() => act.mutate(paused === undefined ? acts.pauseSchedule : acts.continueSchedule)}
          >
            {paused === undefined ? 'Pause' : 'Go on'}
          </Button>
        </span>
        {act.error !== null && <Problem error={act.error} />}
      </Td>
    </tr>
  )
}
