import { type Metrics, measure } from './metrics.ts'
import type { MailroomResult } from './workflows.ts'

export interface ReportInput extends Pick<MailroomResult, 'decisions' | 'trainedOn' | 'digest' | 'busy'> {
  readonly selection: string
  readonly policy: string
  /** mails that were read in this process, and for how long it worked; none when an earlier one had done it all */
  readonly here: { readonly mails: number; readonly seconds: number }
  readonly color?: boolean
}

const width = 80

export function report(input: ReportInput): string {
  const metrics = measure(input.decisions)
  const bold = (text: string) => (input.color ? `\u001b[1m${text}\u001b[22m` : text)
  const section = (title: string, lines: readonly string[]) => [
    '',
    bold(title),
    ...lines.map((line) => `  ${line}`.slice(0, width)),
  ]
  return [
    bold('Mailroom'.padEnd(width - input.selection.length) + input.selection),
    '─'.repeat(width),
    `${whole(metrics.judged)} mails judged, by a classifier trained on ${whole(input.trainedOn)} others`,
    ...section('Against the corpus labels, on mails it had not seen', quality(metrics)),
    ...section('Who decided', deciders(metrics, input.policy)),
    ...section('Where the mail went', routes(metrics)),
    ...section('Where the time went', times(input)),
    ...section('Digest', [input.digest.file, `sha256 ${input.digest.sha256}`]),
    '',
  ].join('\n')
}

function quality({ accuracy, precision, recall, f1, table }: Metrics): string[] {
  return [
    `accuracy ${percent(accuracy)}   precision ${percent(precision)}   recall ${percent(recall)}   F1 ${percent(f1)}`,
    '',
    `${''.padEnd(16)}${'kept out'.padStart(12)}${'delivered'.padStart(12)}`,
    `${'spam'.padEnd(16)}${whole(table.caughtSpam).padStart(12)}${whole(table.missedSpam).padStart(12)}`,
    `${'wanted mail'.padEnd(16)}${whole(table.lostHam).padStart(12)}${whole(table.deliveredHam).padStart(12)}`,
  ]
}

function deciders({ by, judged }: Metrics, policy: string): string[] {
  const asked = by.person.mails + by.rule.mails
  const line = (name: string, { mails, right }: { mails: number; right: number }) =>
    `${name.padEnd(28)}${whole(mails).padStart(8)}${mails === 0 ? '' : `   ${percent(right / mails)} right`}`
  return [
    line('the classifier, by itself', by.classifier),
    `${'sent to a person'.padEnd(28)}${whole(asked).padStart(8)}   ${percent(asked / judged)} of the mails`,
    line('  a person answered', by.person),
    line('  nobody did: by rule', by.rule),
    `policy: ${policy}`,
  ]
}

function routes({ routes, judged }: Metrics): string[] {
  return Object.entries(routes).map(
    ([name, mails]) => `${name.padEnd(12)}${whole(mails).padStart(6)}  ${bar(mails / judged, 40)}`,
  )
}

function times({ busy, here }: ReportInput): string[] {
  const line = (name: string, ms: number) => `${name.padEnd(28)}${(ms / 1000).toFixed(1).padStart(8)} s of work`
  const rate = here.mails / here.seconds
  return [
    line('parse', busy.parseMs),
    line('embed, on threads', busy.embedMs),
    line('train', busy.trainMs),
    here.mails === 0
      ? 'this process found the work done'
      : `this process: ${whole(here.mails)} mails in ${here.seconds.toFixed(1)} s, ${rate.toFixed(1)} mails a second`,
  ]
}

function bar(share: number, size: number): string {
  return Number.isFinite(share) ? '█'.repeat(Math.round(share * size)) : ''
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : 'n/a'
}

function whole(count: number): string {
  return count.toLocaleString('en-US').replaceAll(',', ' ')
}
