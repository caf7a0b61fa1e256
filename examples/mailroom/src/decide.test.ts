import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { corpus } from './corpus.ts'
import type { Decision } from './decision.ts'
import { digestText, writeDigest } from './digest.ts'
import { measure } from './metrics.ts'
import { parseOptions } from './options.ts'
import { people, route, ruleAfterFiveSeconds, ruleRoute } from './policy.ts'
import { report } from './report.ts'

const judged = corpus().filter(({ part }) => part === 'judged')
const pick = (spam: boolean, at: number) => (judged.filter((mail) => mail.spam === spam)[at] as { id: string }).id
const decision = (id: string, to: Decision['route'], by: Decision['by'] = 'classifier'): Decision => ({
  id,
  probability: 0.5,
  route: to,
  by,
})
const decisions = [
  decision(pick(true, 0), 'spam'),
  decision(pick(true, 1), 'quarantine', 'rule'),
  decision(pick(true, 2), 'inbox', 'rule'),
  decision(pick(false, 0), 'inbox'),
  decision(pick(false, 1), 'inbox', 'person'),
  decision(pick(false, 2), 'spam'),
]

test('a probability is routed by the policy, and what is uncertain goes to a person', () => {
  expect([0, 0.2, 0.21, 0.79, 0.8, 0.95, 1].map((likely) => route(people, likely))).toEqual([
    'inbox', 'inbox', 'review', 'review', 'quarantine', 'spam', 'spam',
  ]) // biome-ignore format: one line to compare with one line
})

test('the rule keeps nothing for good: it delivers, or holds back where a person can find it', () => {
  if (ruleAfterFiveSeconds.review.nobodyAnswers !== 'rule decides') throw new Error('not the policy with a rule')
  const rule = ruleAfterFiveSeconds.review
  expect([0.3, 0.5, 0.7].map((likely) => ruleRoute(rule, likely))).toEqual(['inbox', 'quarantine', 'quarantine'])
})

test('decisions are measured against the labels of the corpus', () => {
  const metrics = measure(decisions)
  expect(metrics.table).toEqual({ caughtSpam: 2, missedSpam: 1, deliveredHam: 2, lostHam: 1 })
  expect(metrics.accuracy).toBeCloseTo(4 / 6)
  expect(metrics.precision).toBeCloseTo(2 / 3)
  expect(metrics.recall).toBeCloseTo(2 / 3)
  expect(metrics.f1).toBeCloseTo(2 / 3)
  expect(metrics.by.rule).toEqual({ mails: 2, right: 1 })
})

test('a decision on a mail that was trained on is refused', () => {
  const trained = corpus().find(({ part }) => part === 'train') as { id: string }
  expect(() => measure([decision(trained.id, 'inbox')])).toThrow(/was trained on/)
})

test('the digest does not depend on the order in which decisions were made', async () => {
  expect(digestText([...decisions].reverse())).toBe(digestText(decisions))
  const folder = await mkdtemp(join(tmpdir(), 'mailroom-'))
  const file = join(folder, 'deep', 'digest.jsonl')
  const first = await writeDigest(file, decisions)
  expect(await writeDigest(file, [...decisions].reverse())).toEqual(first)
  expect(await readFile(file, 'utf8')).toBe(digestText(decisions))
  expect(await readdir(join(folder, 'deep'))).toEqual(['digest.jsonl'])
})

test('the report fits 80 columns and says what a reader looks for', () => {
  const text = report({
    decisions,
    trainedOn: 624,
    digest: { file: '/a/very/long/path'.repeat(9), mails: 6, sha256: 'f'.repeat(64) },
    busy: { parseMs: 1, embedMs: 2, trainMs: 3 },
    selection: 'representative-1500',
    policy: 'a policy',
    here: { mails: 10, seconds: 2 },
  })
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  expect(text).not.toContain('\u001b')
  expect(text).toMatch(/accuracy 66\.7 %\s+precision 66\.7 %\s+recall 66\.7 %/)
  expect(text).toMatch(/sent to a person\s+3 /)
  expect(text).toContain('5.0 mails a second')
})

test('the same command means the same run, another selection or policy another one', () => {
  const id = (...args: string[]) => {
    const options = parseOptions(args)
    return options === 'help' ? 'help' : options.runId
  }
  expect(id()).toBe(id())
  expect(new Set([id(), id('--all'), id('--people'), id('--mails', '60')]).size).toBe(4)
  expect(() => id('--mails', 'many')).toThrow(/--mails takes a number/)
})
