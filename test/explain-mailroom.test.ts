import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testApp } from 'spanwise/testing'
import { expect, onTestFinished, test } from 'vitest'
import { ruleAfterFiveSeconds } from '../examples/mailroom/src/policy.ts'
import { mailroom } from '../examples/mailroom/src/workflows.ts'

test('the mailroom: real mails, a real model on threads, a person who answers once, and a rule that decides the rest', {
  timeout: 180_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-mailroom-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await using app = await testApp({ workflows: [mailroom], threads: 1 })
  const run = await app.start(mailroom, {
    selection: 'representative-60',
    policy: ruleAfterFiveSeconds,
    digest: join(folder, 'digest.jsonl'),
  })
  await app.idle()
  const asked = (await app.approvals({ limit: 100 })).items
  expect(asked.length).toBeGreaterThan(1)
  const [first] = asked
  await app.decide(first?.id ?? '', { approve: true, by: 'pat', reason: 'I know the sender' })
  await app.advance('6s')
  await run.result()
  const { sentences } = await app.explain(run.id)
  // who is ready first on a thread differs: how many entries a sentence has does not
  const told = sentences.map(({ text, entries }) => `${text} [${entries.length}]`).join('\n')
  const plain = told
    // the path of the file, and so how much is told of what follows it
    .replace(/digest: '.*?(?= \[\d+\]$)/m, 'digest: …')
    .replaceAll(folder, '…')
    .replace(/<?[^\s<]+@[^\s>]+>?/g, '…@…')
    .replace(/\b[\d.]+ (ms|s)\b/g, 'N s')
    .replace(/(Ms: )[\d.]+/g, '$1N')
    // how much is told depends on how long the numbers before it are
    .replace(/(weights: |, probability: ).*?(?= \[1\]$)/gm, '$1…')
    .replace(/(\d[.]\d{3})\d+/g, '$1')
    .replace(/[0-9a-f]{64}/, '…')
  expect(`\n${plain}\n`).toMatchInlineSnapshot(`
    "
    mailroom was started on 2026-01-01 00:00:00 UTC. It was given { digest: … [1]
    Step list-mails gave [ 'easy-ham-1:00028', 'easy-ham-1:00048', 'easy-ham-1:00068', 'easy-ham-1:00172', 'easy-ham-1:00423', ... 55 more items ]. [1]
    It did parse-mail 60 times, for items of an each, within N s; none failed. [60]
    It did embed-mail 60 times, for items of an each, within N s; none failed. [60]
    Step train-classifier gave { busyMs: N, classifier: { bias: -3.443, examples: 20, weights: … [1]
    It did route-mail 40 times, for items of an each, within N s; none failed. [40]
    It asked somebody with role postmaster “Deliver to the inbox? "private" from davidsavimbi …@… (spam: 59 %)”. pat approved it after N s, saying “I know the sender”. [2]
    It asked somebody with role postmaster “Deliver to the inbox? "ADV: Interest rates are DOWN!! ntbri" from …@… (spam: 80 %)”. Nobody answered within N s, which counts as no. [2]
    It asked somebody with role postmaster “Deliver to the inbox? "[scoop] Liseli kayit" from Bahtiyar C …@… (spam: 41 %)”. Nobody answered within N s, which counts as no. [2]
    Step save-digest gave { file: '…/digest.jsonl', mails: 40, sha256: '…' }. [1]
    It completed after N s, with { busy: { embedMs: N, parseMs: N, trainMs: N }, decisions: [ { by: 'classifier', id: 'easy-ham-1:00048', probability: … [1]
    In all it took N s. There is no completed run before it to compare with. [2]
    "
  `)
  // in the same words, whoever asks again
  expect((await app.explain(run.id)).sentences).toEqual(sentences)
})
