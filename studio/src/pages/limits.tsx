import { useLimits } from '../api/queries.ts'
import { Code, Empty } from '../parts/empty.tsx'
import { formatCount, formatDuration } from '../parts/format.ts'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'

export function Limits() {
  const limits = useLimits()
  return (
    <>
      <PageHead
        title="Limits"
        about="Who may begin when more want to than may: places, rates, and who waits for them."
      />
      {limits.error !== null && <Problem error={limits.error} />}
      <Panel flush>
        {limits.data?.length === 0 ? (
          <Empty title="Nothing is limited at this moment.">
            A step says how many may run at once, or how many in a time, for each key:
            <Code>{"step('send', { concurrency: { key: (to) => to.tenant, limit: 3 } }, send)"}</Code>
          </Empty>
        ) : (
          <Table>
            <thead>
              <tr>
                <Th>Limit</Th>
                <Th className="text-right">In use</Th>
                <Th className="text-right">Rate</Th>
                <Th className="text-right">Waiting</Th>
                <Th>Waiting since</Th>
              </tr>
            </thead>
            <tbody>
              {limits.data?.map(({ key, limit, held, rate, drawn, waiting, since }) => (
                <tr key={key} className="hover:bg-raised">
                  <Td className="font-mono text-xs">{key}</Td>
                  <Td label="In use" className="text-right">
                    {formatCount(held)}
                    {limit !== undefined && ` of ${formatCount(limit)}`}
                  </Td>
                  <Td label="Rate" className="text-right">
                    {rate === undefined
                      ? '–'
                      : `${formatCount(drawn)} of ${formatCount(rate.limit)} in ${formatDuration(rate.per)}`}
                  </Td>
                  <Td label="Waiting" className="text-right">
                    {formatCount(waiting)}
                  </Td>
                  <Td label="Waiting since">{since === undefined ? '–' : <Ago at={new Date(since)} />}</Td>
                </tr>
              ))}
            </tbody>
          </Table>
        )}
      </Panel>
    </>
  )
}
