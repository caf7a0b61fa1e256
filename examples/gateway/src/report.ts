import type { Costs } from 'spanwise'

interface Told {
  readonly mails: readonly string[]
  readonly answers: readonly { readonly urgency: string; readonly topic: string; readonly answer: string }[]
  readonly costs: Costs
  readonly prompts: Costs
  /** what the gateway told, and how often */
  readonly happened: ReadonlyMap<string, number>
  /** that the servers saw, where they are ours */
  readonly requests: number | undefined
}

export function report({ mails, answers, costs, prompts, happened, requests }: Told): string {
  const { total } = costs
  const lines = answers.map(({ urgency, answer }, n) =>
    row(urgency, mails[n] ?? '', `${answer.length} letters`, [8, 50, 16]),
  )
  const spent = costs.rows.map(({ key, calls, cost, unpriced }) =>
    row(`${key.alias}`, `${key.model}`, `${calls} calls`, [8, 30, 10], money(cost, unpriced)),
  )
  const asked = prompts.rows.map(({ key, calls, cost, unpriced }) =>
    row('', `${key.prompt}`, `${calls} calls`, [8, 30, 10], money(cost, unpriced)),
  )
  const events = [...happened].map(([what, times]) => `  ${what} × ${times}`)
  return [
    ...lines,
    '',
    `${mails.length} mails triaged and answered: ${total.calls} calls, ${total.failed} failed, ${money(total.cost, total.unpriced)}`,
    ...(requests === undefined ? [] : [`  ${requests} requests were sent for them`]),
    '',
    'by alias and model',
    ...spent,
    'by prompt',
    ...asked,
    ...(events.length === 0 ? [] : ['', 'what the gateway dealt with', ...events]),
  ].join('\n')
}

/** Money is whole nano-dollars; what has no known price is told, not guessed. */
function money(cost: bigint, unpriced: number): string {
  return `$${(Number(cost) / 1e9).toFixed(6)}${unpriced > 0 ? ` + ${unpriced} of unknown price` : ''}`
}

function row(a: string, b: string, c: string, widths: readonly [number, number, number], d = ''): string {
  const cut = (text: string, width: number) => (text.length > width - 2 ? `${text.slice(0, width - 3)}…` : text)
  return `  ${cut(a, widths[0]).padEnd(widths[0])}${cut(b, widths[1]).padEnd(widths[1])}${c.padEnd(widths[2])}${d}`.trimEnd()
}
