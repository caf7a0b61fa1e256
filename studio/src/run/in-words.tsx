import { useExplanation } from '../api/queries.ts'
import { Problem } from '../parts/problem.tsx'

/** The run in sentences, made of the record alone; each leads to its entries. */
export function InWords({
  run,
  entries,
  onSelect,
}: {
  readonly run: string
  /** asked anew when there are more */
  readonly entries: number
  readonly onSelect: (entry: number) => void
}) {
  const explanation = useExplanation(run, entries)
  if (explanation.error !== null && explanation.data === undefined) return <Problem error={explanation.error} />
  return (
    <ol className="max-w-3xl space-y-1.5 p-4 text-sm leading-relaxed">
      {explanation.data?.sentences.map(({ text, entries: of }) => (
        <li key={`${of.join()} ${text}`}>
          {text}{' '}
          {of.slice(0, 4).map((index) => (
            <button
              key={index}
              type="button"
              className="mr-1 text-xs text-accent underline"
              onClick={() => onSelect(index)}
            >
              [{index}]
            </button>
          ))}
          {of.length > 4 && <span className="text-xs text-soft">and {of.length - 4} more</span>}
        </li>
      ))}
    </ol>
  )
}
