import type { Budget } from '../api/types.ts'
import { formatCount, formatMoney, formatPercent } from '../parts/format.ts'
import { Ago } from '../parts/time.tsx'

const consequences = {
  fail: 'a call beyond it fails',
  wait: 'a call beyond it waits for the next window',
  degrade: 'a call beyond it goes to another alias',
  ask: 'a person is asked before a call goes beyond it',
} as const

/** Each budget and how much of it is used now; of one that counts each by itself, who used the most. */
export function BudgetList({ budgets }: { readonly budgets: readonly Budget[] }) {
  return (
    <ul className="divide-y divide-line">
      {budgets.map(({ name, by, only, unit, limit, per, window, onExceed, used, most }) => (
        <li key={name} className="grid gap-x-6 gap-y-2 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_minmax(0,1.3fr)]">
          <div className="min-w-0">
            <p className="font-medium break-words">
              {by === 'all' ? 'Everything' : only === undefined ? `Each ${by}` : `${by} ${only}`}
            </p>
            <p className="text-xs text-soft">
              {amount(unit, limit)} {per === 'total' ? 'in all' : `a ${per}`}
              {window !== undefined && (
                <>
                  ; next one <Ago at={new Date(window.next)} />
                </>
              )}
              ; {consequences[onExceed]}
            </p>
          </div>
          <div className="space-y-1.5 self-center">
            {used !== undefined ? (
              <Meter used={used} limit={limit} unit={unit} />
            ) : most.length === 0 ? (
              <p className="text-xs text-soft">
                {by === 'step' || by === 'key' ? 'Counted for each.' : 'Nothing used.'}
              </p>
            ) : (
              most.map((one) => <Meter key={one.of} name={one.of} used={one.used} limit={limit} unit={unit} />)
            )}
          </div>
        </li>
      ))}
    </ul>
  )
}

function Meter({
  name,
  used,
  limit,
  unit,
}: {
  readonly name?: string
  readonly used: string
  readonly limit: string
  readonly unit: Budget['unit']
}) {
  const share = shareOf(used, limit)
  const colour = share >= 1 ? 'bg-bad' : share >= 0.8 ? 'bg-warn' : 'bg-accent'
  return (
    <div>
      <p className="flex justify-between gap-3 text-xs">
        <span className="truncate text-soft">{name ?? 'used'}</span>
        <span>
          {amount(unit, used)} · {formatPercent(share)}
          {share >= 1 && <span className="text-bad"> used up</span>}
        </span>
      </p>
      <div aria-hidden="true" className="mt-0.5 h-2 overflow-hidden rounded bg-raised">
        <div className={`h-full ${colour}`} style={{ width: `${Math.min(1, share) * 100}%` }} />
      </div>
    </div>
  )
}

function shareOf(used: string, limit: string): number {
  return BigInt(limit) === 0n ? 1 : Number((BigInt(used) * 10_000n) / BigInt(limit)) / 10_000
}

function amount(unit: Budget['unit'], value: string): string {
  return unit === 'money' ? formatMoney(BigInt(value)) : `${formatCount(Number(value))} tokens`
}

/** Those that are the nearest to their end come first. */
export function byShare(budgets: readonly Budget[]): readonly Budget[] {
  const of = ({ used, limit, most }: Budget): number => shareOf(used ?? most[0]?.used ?? '0', limit)
  return [...budgets].sort((a, b) => of(b) - of(a))
}
