/** Bars from zero, every value shown, none left out; the same figures as a table for those who cannot see it. */
export function BarChart({
  bars,
  format,
}: {
  readonly bars: readonly { readonly name: string; readonly value: number }[]
  readonly format: (value: number) => string
}) {
  const most = Math.max(...bars.map(({ value }) => value), 0)
  if (bars.length === 0) return <p className="text-sm text-soft">Nothing in this time.</p>
  return (
    <figure>
      <div aria-hidden="true" className="flex h-36 items-end gap-1">
        {bars.map(({ name, value }) => (
          <div key={name} className="group relative h-full max-w-16 min-w-1 flex-1" title={`${name}: ${format(value)}`}>
            <div
              className="absolute bottom-0 w-full rounded-t-sm bg-accent group-hover:opacity-80"
              style={{ height: `${most === 0 ? 0 : Math.max((value / most) * 100, value > 0 ? 1 : 0)}%` }}
            />
          </div>
        ))}
      </div>
      <figcaption className="mt-1 flex justify-between border-t border-line pt-1 text-xs text-soft">
        <span>{bars[0]?.name}</span>
        <span>highest {format(most)}</span>
        <span>{bars.at(-1)?.name}</span>
      </figcaption>
      {/* a table is as wide as what is in it, whatever is said of its width */}
      <div className="sr-only">
        <table>
          <tbody>
            {bars.map(({ name, value }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{format(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}
