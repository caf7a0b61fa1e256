import { Link, useSearch } from '@tanstack/react-router'
import { useStreams } from '../api/queries.ts'
import type { NamedStream } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Code, Empty } from '../parts/empty.tsx'
import { PageHead, Panel } from '../parts/panel.tsx'
import { Problem } from '../parts/problem.tsx'
import { RunLink } from '../parts/run-link.tsx'
import { Table, Td, Th } from '../parts/table.tsx'
import { Ago } from '../parts/time.tsx'
import { lengthOf } from './length.ts'
import { StreamPanel } from './stream-panel.tsx'

/** Named streams, newest first; the one that is chosen is followed beside them. */
export function Streams() {
  const { stream: chosen } = useSearch({ from: '/named-streams' })
  const streams = useStreams()
  const items = streams.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <>
      <PageHead
        title="Streams"
        about="What workflows and programs publish under a name: durable message by message, read from anywhere on, sealed with a digest when closed."
      />
      {streams.error !== null && <Problem error={streams.error} />}
      <div className="space-y-4">
        {chosen !== undefined && (
          <StreamPanel key={chosen} name={chosen} state={items.find(({ name }) => name === chosen)} />
        )}
        <Panel flush>
          {streams.data !== undefined && items.length === 0 ? (
            <Empty title="Nothing is published yet.">
              A workflow appends to a stream, and anybody may read along:
              <Code>{"await stream('imports/march').append({ row: 1 })"}</Code>
            </Empty>
          ) : (
            <List streams={items} />
          )}
          {streams.hasNextPage && (
            <div className="p-3 text-center">
              <Button disabled={streams.isFetchingNextPage} onClick={() => void streams.fetchNextPage()}>
                Older ones
              </Button>
            </div>
          )}
        </Panel>
      </div>
    </>
  )
}

function List({ streams }: { readonly streams: readonly NamedStream[] }) {
  return (
    <Table>
      <thead>
        <tr>
          <Th>Stream</Th>
          <Th>Type</Th>
          <Th className="text-right">Length</Th>
          <Th>State</Th>
          <Th>Made by</Th>
          <Th>Made</Th>
        </tr>
      </thead>
      <tbody>
        {streams.map((stream) => (
          <tr key={`${stream.tenant} ${stream.name}`} className="hover:bg-raised">
            <Td>
              <Link
                to="/named-streams"
                search={{ stream: stream.name }}
                data-row
                className="font-medium break-all text-accent hover:underline"
              >
                {stream.name}
              </Link>
            </Td>
            <Td label="Type" className="text-xs">
              {stream.type}
            </Td>
            <Td label="Length" className="text-right">
              {lengthOf(stream)}
            </Td>
            <Td label="State">{stream.isClosed ? '✓ closed' : <span className="text-busy">◐ open</span>}</Td>
            <Td label="Made by">{stream.run === undefined ? 'a program' : <RunLink run={stream.run} />}</Td>
            <Td label="Made">
              <Ago at={new Date(stream.createdAt)} />
            </Td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
