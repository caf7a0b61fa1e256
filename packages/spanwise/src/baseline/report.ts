import type { Share, Summary } from './summary.ts'

/** The table, as lines of text. */
export function reportLines(summary: Summary, bold: (text: string) => string = (text) => text): string[] {
  const lines: string[] = []
  const row = (name: string, value: string): void => void lines.push(`  ${name.padEnd(16)}${value}`)
  const calls = plural(summary.calls, 'call')
  lines.push(bold(`${calls} to models in ${plural(summary.runs, 'run')}, ${plural(summary.requests, 'request')}`))
  row('success', successText(summary))
  row('time', times(summary.p50, summary.p95))
  if (summary.firstP50 !== undefined) row('first token', times(summary.firstP50, summary.firstP95))
  row('tokens', `${grouped(summary.inputTokens)} in, ${grouped(summary.outputTokens)} out`)
  row('cost', costText(summary))
  row('reuse', reuseText(summary))
  if (summary.failures.length)
    row('failures', summary.failures.map(({ what, count }) => `${what} × ${count}`).join(', '))
  lines.push('', ...shareLines('MODEL', summary.models, bold))
  lines.push('', ...shareLines('CALL SITE', summary.sites, bold))
  return lines
}

function successText({ successRate, ok, gaveUp, left, lost, retried }: Summary): string {
  const rate = successRate === undefined ? 'none came to an end' : `${percent(successRate)} (${ok} of ${ok + gaveUp})`
  const rest = [
    gaveUp ? `gave up ${gaveUp}` : '',
    retried ? `tried again ${retried}` : '',
    left ? `left by the program ${left}` : '',
    lost ? `lost in a crash ${lost}` : '',
  ]
  return [rate, ...rest.filter(Boolean)].join(', ')
}

function costText({ cost, costPerCall, costPerRun, unpriced, calls }: Summary): string {
  if (unpriced === calls) return 'not known: no call has both a price and a count of tokens'
  const parts = [dollars(cost), `${dollars(costPerCall ?? 0n)} a call`, `${dollars(costPerRun ?? 0n)} a run`]
  return `${parts.join(', ')}${unpriced ? `; without ${plural(unpriced, 'call')} of unknown cost` : ''}`
}

function reuseText({ repeats, reuseSaves, calls }: Summary): string {
  if (repeats === 0) return 'no call asked what another had been answered'
  return `${repeats} of ${plural(calls, 'call')} asked exactly what an earlier one had been answered: ${dollars(reuseSaves)} to save`
}

const most = 10

function shareLines(title: string, shares: readonly Share[], bold: (text: string) => string): string[] {
  const shown = shares.slice(0, most)
  const cells = shown.map(({ name, calls, gaveUp, cost, unpriced }) => [
    unpriced === calls ? '?' : `${dollars(cost)}${unpriced ? '+?' : ''}`,
    String(calls),
    gaveUp ? String(gaveUp) : '',
    name,
  ])
  const head = ['COST', 'CALLS', 'GAVE UP', title]
  const widths = head.map((each, at) => Math.max(each.length, ...cells.map((line) => line[at]?.length ?? 0)))
  const line = (texts: readonly string[]): string =>
    `  ${texts.map((text, at) => (at === texts.length - 1 ? text : text.padStart(widths[at] ?? 0))).join('  ')}`
  return [bold(line(head)), ...cells.map(line), ...(shares.length > most ? [`  … ${shares.length - most} more`] : [])]
}

/** Two summaries beside each other: what came before, and what is now. */
export function compareLines(
  before: Summary,
  after: Summary,
  bold: (text: string) => string = (text) => text,
): string[] {
  const rows: readonly (readonly [string, (of: Summary) => number | undefined, (value: number) => string])[] = [
    ['runs', (of) => of.runs, String],
    ['calls', (of) => of.calls, String],
    ['requests a call', (of) => ratio(of.requests, of.calls), (value) => value.toFixed(2)],
    ['success', (of) => of.successRate, percent],
    ['gave up', (of) => of.gaveUp, String],
    ['time p50', (of) => of.p50, ms],
    ['time p95', (of) => of.p95, ms],
    ['first token p50', (of) => of.firstP50, ms],
    [
      'cost',
      (of) => (of.unpriced === of.calls ? undefined : Number(of.cost)),
      (value) => dollars(BigInt(Math.round(value))),
    ],
    ['cost a call', (of) => number(of.costPerCall), (value) => dollars(BigInt(Math.round(value)))],
    ['cost a run', (of) => number(of.costPerRun), (value) => dollars(BigInt(Math.round(value)))],
    ['of unknown cost', (of) => of.unpriced, String],
    ['repeats', (of) => of.repeats, String],
  ]
  const cells = rows.map(([name, value, show]) => {
    const [was, is] = [value(before), value(after)]
    const text = (each: number | undefined): string => (each === undefined ? '-' : show(each))
    return [name, text(was), text(is), change(was, is)]
  })
  const head = ['', 'BEFORE', 'AFTER', 'CHANGE']
  const widths = head.map((each, at) => Math.max(each.length, ...cells.map((line) => line[at]?.length ?? 0)))
  const line = (texts: readonly string[]): string =>
    `  ${texts.map((text, at) => (at === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[at] ?? 0))).join('  ')}`.trimEnd()
  return [bold(line(head)), ...cells.map(line)]
}

function change(was: number | undefined, is: number | undefined): string {
  if (was === undefined || is === undefined || was === is) return ''
  if (was === 0) return 'new'
  const share = (is - was) / Math.abs(was)
  return `${share > 0 ? '+' : ''}${(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`
}

function ratio(a: number, b: number): number | undefined {
  return b === 0 ? undefined : a / b
}

function number(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}

function times(p50: number | undefined, p95: number | undefined): string {
  return p50 === undefined || p95 === undefined ? '-' : `p50 ${ms(p50)}, p95 ${ms(p95)}`
}

function ms(value: number): string {
  return value < 1000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} s`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share === 1 || share === 0 ? 0 : 1)} %`
}

/** At least four digits that count: prices of calls are small. */
export function dollars(nano: bigint): string {
  const value = Number(nano) / 1e9
  if (value === 0) return '$0'
  const digits = value >= 100 ? 2 : Math.min(9, Math.max(2, 3 - Math.floor(Math.log10(Math.abs(value)))))
  return `$${value.toFixed(digits)}`
}

function plural(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? '' : 's'}`
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ')
}
