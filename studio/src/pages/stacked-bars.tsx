import { formatTime } from '../parts/format.ts'

/** Counts over time in three kinds; every run is in it, nothing is sampled. */
export function StackedBars({
  bars,
}: {
  readonly bars: readonly { readonly name: Date; readonly good: number; readonly bad: number; readonly other: number }[]
}) {
  const most = Math.max(1, ...bars.map(({ good, bad, other }) => good + bad + other))
  const height = (value: number): string => `${(value / most) * 100}%`
  const first = bars[0]?.name
  const last = bars.at(-1)?.name
  return (
    <figure>
      <div aria-hidden="true" className="flex h-36 items-end gap-[3px]">
        {bars.map(({ name, good, bad, other }) => (
          <div
            key={name.getTime()}
            className="flex h-full flex-1 flex-col justify-end hover:opacity-80"
            title={`from ${formatTime(name)}: ${good} completed, ${bad} failed or stuck, ${other} under way or cancelled`}
          >
            <div className="rounded-t-sm bg-bad" style={{ height: height(bad) }} />
            <div className="bg-busy opacity-60" style={{ height: height(other) }} />
            <div className="bg-good" style={{ height: height(good) }} />
          </div>
        ))}
      </div>
      <figcaption className="mt-1 flex flex-wrap justify-between gap-2 border-t border-line pt-1 text-xs text-soft">
        <span>{first === undefined ? '' : formatTime(first)}</span>
        <span className="flex gap-3">
          <Key colour="bg-good">completed</Key>
          <Key colour="bg-bad">failed or stuck</Key>
          <Key colour="bg-busy opacity-60">under way or cancelled</Key>
          <span>highest {most}</span>
        </span>
        <span>{last === undefined ? '' : formatTime(last)}</span>
      </figcaption>
      {/* a table is as wide as what is in it, whatever is said of its width */}
      <div className="sr-only">
        <table>
          <tbody>
            {bars.map(({ name, good, bad, other }) => (
              <tr key={name.getTime()}>
                <th scope="row">{formatTime(name)}</th>
                <td>{good} completed</td>
                <td>{bad} failed or stuck</td>
                <td>{other} under way or cancelled</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

function Key({ colour, children }: { readonly colour: string; readonly children: string }) {
  return (
    <span className="flex items-center gap-1">
      <span className={`inline-block size-2 rounded-sm ${colour}`} />
      {children}
    </span>
  )
}
