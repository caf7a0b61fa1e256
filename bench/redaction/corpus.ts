import { readFileSync } from 'node:fs'
import { type PersonalKind, personalData } from 'spanwise/redact'

/**
 * How much of the data about people in a labelled corpus is found: `npm run redaction -w bench -- corpus.json`. The corpus is a list
 * of `{ full_text, spans: [{ entity_type, start_position, end_position }] }`, as presidio-research publishes it.
 */
interface Sample {
  readonly full_text: string
  readonly spans: readonly {
    readonly entity_type: string
    readonly start_position: number
    readonly end_position: number
  }[]
}

/** what the corpus calls our kinds */
const called: Readonly<Record<PersonalKind, string>> = {
  email: 'EMAIL_ADDRESS',
  phone: 'PHONE_NUMBER',
  card: 'CREDIT_CARD',
  iban: 'IBAN_CODE',
  ip: 'IP_ADDRESS',
  ssn: 'US_SSN',
  name: 'PERSON',
}
const kinds = Object.keys(called) as PersonalKind[]

const [path, ...flags] = process.argv.slice(2)
if (path === undefined) {
  console.error(
    'Which corpus? npm run redaction -w bench -- synth_dataset_v2.json [--countries=US,GB] [--missed] [--wrong]',
  )
  process.exit(1)
}
const samples = JSON.parse(readFileSync(path, 'utf8')) as readonly Sample[]
const countries = flags
  .find((flag) => flag.startsWith('--countries='))
  ?.slice('--countries='.length)
  .split(',')
const find = personalData({ kinds, ...(countries === undefined ? {} : { countries }) })

interface Count {
  total: number
  /** all of it became labels */
  whole: number
  /** some of it did */
  part: number
  /** parts that were labelled so, and how many of them touch a span of that kind, or of any kind */
  labelled: number
  right: number
  personal: number
}
const counts = new Map<PersonalKind, Count>(
  kinds.map((kind) => [kind, { total: 0, whole: 0, part: 0, labelled: 0, right: 0, personal: 0 }]),
)
const missed: string[] = []
const wrong: string[] = []
const started = performance.now()
for (const { full_text: text, spans } of samples) {
  const found = [...find(text)]
  // whether a part is hidden, by whatever kind
  const hidden = new Uint8Array(text.length)
  for (const { start, end } of found) hidden.fill(1, start, end)
  for (const kind of kinds) {
    const count = counts.get(kind) as Count
    for (const span of spans.filter(({ entity_type }) => entity_type === called[kind])) {
      const part = hidden.subarray(span.start_position, span.end_position)
      const sum = part.reduce((a, b) => a + b, 0)
      count.total++
      if (sum === part.length) count.whole++
      else if (sum > 0) count.part++
      if (sum < part.length) missed.push(`${kind}: ${text.slice(span.start_position, span.end_position)}`)
    }
    for (const one of found.filter((one) => one.kind === kind)) {
      const touched = spans.filter((span) => span.start_position < one.end && span.end_position > one.start)
      count.labelled++
      if (touched.some(({ entity_type }) => entity_type === called[kind])) count.right++
      else wrong.push(`${kind}: ${text.slice(one.start, one.end)} (${touched[0]?.entity_type ?? 'nothing'})`)
      if (touched.length > 0) count.personal++
    }
  }
}
const ms = performance.now() - started
const size = samples.reduce((sum, { full_text }) => sum + full_text.length, 0)

const percent = (part: number, of: number): string => (of === 0 ? '–' : `${((100 * part) / of).toFixed(1)} %`)
console.log(`${samples.length} texts, ${(size / 1000).toFixed(0)} thousand characters, ${(ms / 1000).toFixed(1)} s`)
console.log('| kind | in the corpus | found whole | in part | labelled | of that kind | personal at all |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const [kind, { total, whole, part, labelled, right, personal }] of counts)
  console.log(
    `| ${kind} | ${total} | ${percent(whole, total)} | ${percent(part, total)} | ${labelled} | ${percent(right, labelled)} | ${percent(personal, labelled)} |`,
  )
if (flags.includes('--missed')) console.log(`\nMissed:\n${missed.join('\n')}`)
if (flags.includes('--wrong')) console.log(`\nWrong:\n${wrong.join('\n')}`)
