import { useMutation } from '@tanstack/react-query'
import { acts, useSeal } from '../api/queries.ts'
import { Button } from '../parts/button.tsx'
import { Code } from '../parts/empty.tsx'
import { formatCount, formatTime } from '../parts/format.ts'
import { Problem } from '../parts/problem.tsx'

/** How much of a run can be proved, and all of it as a file for somebody who does not trust this server. */
export function Evidence({ run }: { readonly run: string }) {
  const seal = useSeal(run)
  const download = useMutation({
    mutationFn: async () => save(await (await acts.evidence(run)).blob(), `run-${run}.zip`),
  })
  const found = seal.data
  return (
    <div className="space-y-3 text-sm">
      {seal.error !== null && <Problem error={seal.error} />}
      {found !== undefined && (
        <p>
          {found.checkpoint === undefined ? (
            <span className="text-warn">▲ This store is not sealed: nothing of it can be proved.</span>
          ) : found.sealed === found.entries ? (
            <span className="text-good">
              ✓ All {formatCount(found.entries)} entries are sealed, under a checkpoint
              {found.checkpoint.at !== undefined && ` of ${formatTime(new Date(found.checkpoint.at))}`} over{' '}
              {formatCount(found.checkpoint.size)} entries.
            </span>
          ) : (
            <span className="text-wait">
              ◐ {formatCount(found.sealed)} of {formatCount(found.entries)} entries are sealed; the rest is within
              seconds.
            </span>
          )}
        </p>
      )}
      <p className="text-soft">
        The evidence of this run: a report to read, its entries with their proofs, the signed checkpoint, and a verifier
        that needs nothing but Node. Compare the key in it with the one that the operator published.
      </p>
      {download.error !== null && <Problem error={download.error} />}
      <Button
        disabled={download.isPending || found?.checkpoint === undefined || found.sealed < found.entries}
        onClick={() => download.mutate()}
      >
        {download.isPending ? 'Packing it…' : 'Download evidence'}
      </Button>
      <Code>{`npx spanwise audit bundle ${run} --out evidence.zip`}</Code>
    </div>
  )
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
