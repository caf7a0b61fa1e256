import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { representativeSize } from './corpus.ts'
import { type Policy, people, ruleAfterFiveSeconds } from './policy.ts'

export interface Options {
  readonly store: string
  readonly selection: string
  readonly policy: Policy
  readonly digest: string
  /** one run per selection and policy: the same command finds the run that it had begun */
  readonly runId: string
}

export const usage = `mailroom: decide on thousands of real mails, durably

  --all            the whole corpus (6046 mails) instead of ${representativeSize}
  --mails <n>      a representative part of about n mails
  --people         wait for people on uncertain mails instead of a rule after 5 s
  --store <file>   the SQLite file of the runs (mailroom.db)
`

export function parseOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      all: { type: 'boolean', default: false },
      mails: { type: 'string', default: String(representativeSize) },
      people: { type: 'boolean', default: false },
      store: { type: 'string', default: 'mailroom.db' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  if (!/^[1-9]\d{0,3}$/.test(values.mails))
    throw new RangeError(`--mails takes a number from 1 to 9999, not ${values.mails}`)
  const selection = values.all ? 'all' : `representative-${values.mails}`
  const policy = values.people ? people : ruleAfterFiveSeconds
  const store = resolve(values.store)
  const runId = `${selection}-${values.people ? 'people' : 'rule'}`
  return { store, selection, policy, digest: join(dirname(store), `digest-${runId}.jsonl`), runId }
}
