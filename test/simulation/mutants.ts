/** A bug, planted by rewriting one line of the product before it is run: the simulation must find it. */
export interface Mutant {
  readonly name: string
  /** under packages/spanwise/src */
  readonly file: string
  /** stands there exactly once */
  readonly line: string
  readonly instead: string
  /** what has to be found wrong; anything where absent */
  readonly says?: RegExp
}

export const mutants: readonly Mutant[] = [
  {
    name: 'a snapshot of a loop does not stand for the last round that is through',
    file: 'workflow/runtime/covered.ts',
    line: 'stands: (part) => Number(part) < round',
    instead: 'stands: (part) => Number(part) < round - 1',
  },
  {
    name: 'a restored round does not know which delivery had begun it',
    file: 'workflow/runtime/loop-run.ts',
    line: 'let issued: Issued | Restored = restored ?? issuedIn(this.#outer)',
    instead: 'let issued: Issued | Restored = issuedIn(this.#outer)',
  },
  {
    name: 'a fork that is asked for again is another one',
    file: 'app/run.ts',
    line: "const fork = sendId === undefined ? randomUUID() : sameId('fork', id, sendId)",
    instead: 'const fork = randomUUID()',
  },
  {
    name: 'a fork takes the input of a step that JSON cannot say for another one',
    file: 'journal/sqlite/fork.ts',
    line: 'return /^[[{~]/.test(line)',
    instead: 'return /^[[{]/.test(line)',
  },
  {
    name: 'what arrives is delivered in the wrong order',
    file: 'workflow/runtime/execution.ts',
    line: 'this.#canTake ? this.#queue.shift() : undefined',
    instead: 'this.#canTake ? this.#queue.pop() : undefined',
  },
  {
    name: 'results overtake a transaction that is being committed',
    file: 'workflow/runtime/execution.ts',
    line: 'this.#reserved = made.index',
    instead: '',
  },
  {
    name: 'a late result is recorded as a second one',
    file: 'workflow/runtime/execution.ts',
    line: "const note = ofOperation(operation, { kind: 'note', attempt,",
    instead: 'const note = ofOperation(operation, { kind, attempt,',
  },
  {
    name: 'a stale owner may write',
    file: 'journal/sqlite/append.ts',
    line: 'if (!head.owned || head.epoch !== change.epoch) return fenced',
    instead: 'if (!head.owned) return fenced',
  },
  {
    name: 'effects begin before what they depend on is durable',
    file: 'engine/resident.ts',
    line: 'if (index > this.durable || this.#givingBack) this.#gates.push({ index, then })',
    instead: 'if (this.#givingBack) this.#gates.push({ index, then })',
  },
  {
    name: 'a run that is in memory is loaded again',
    file: 'journal/sqlite/claim.ts',
    line: 'WHERE r.owner IS NULL AND r.wake_at IS NOT NULL AND r.priority = ? AND r.wake_at <= ?',
    instead: 'WHERE r.status < 4 AND r.priority = ? AND coalesce(r.wake_at, 0) <= ?',
  },
  {
    name: 'a timer fires twice',
    file: 'engine/timers.ts',
    line: 'if (this.#due.delete(key)) callback()',
    instead: 'if (this.#due.delete(key)) { callback(); callback() }',
  },
  {
    name: 'mail for a run that needs attention is lost',
    file: 'engine/deliver.ts',
    line: "one.kind !== 'resume' && one.kind !== 'cancel' && one.kind !== 'give-up') continue",
    instead: "one.kind !== 'resume' && one.kind !== 'cancel' && one.kind !== 'give-up') { home.took(one); continue }",
  },
  {
    name: 'mail that arrives while a run is parked wakes nobody',
    file: 'journal/sqlite/append.ts',
    line: 'const busy = change.park !== undefined && mailWaits(context, ref.seq, status)',
    instead: 'const busy = false',
  },
  {
    name: 'mail is accepted again under the same id',
    file: 'journal/sqlite/mail.ts',
    line: 'if (mail.dedupe !== undefined && seenBefore(context, run.seq, mail)) return',
    instead: 'if (mail.dedupe === context.where) return',
  },
  {
    name: 'occurrences are not counted by scope',
    file: 'workflow/runtime/scope.ts',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is text of the product
    line: 'prefix: `${parent.prefix}${name}/`,',
    instead: 'prefix: parent.prefix,',
  },
  {
    name: 'the claim of a step in flight is ignored',
    file: 'engine/step-runner.ts',
    line: 'this.#uncertain = intent !== undefined || attempts.length > 0',
    instead: 'this.#uncertain = attempts.length > 0',
  },
  {
    name: 'an attempt that failed is repeated without asking the other side',
    file: 'engine/step-runner.ts',
    line: 'this.#uncertain = true',
    instead: 'this.#uncertain = false',
  },
  {
    name: 'attempts are counted anew when a run is loaded',
    file: 'engine/step-runner.ts',
    line: 'this.#number = attempts.length + 1',
    instead: 'this.#number = 1',
  },
  {
    name: 'a timer is dropped when its run leaves memory',
    file: 'engine/resident.ts',
    line: 'this.pending.park = { wakeAt: attention ? undefined : open ? 0 : this.#timers.earliest, queued }',
    instead: 'this.pending.park = { wakeAt: open ? 0 : undefined, queued }',
  },
  {
    name: 'a run goes on in memory after a failed write',
    file: 'engine/resident.ts',
    line: "this.discard('a write failed', true)",
    instead: '',
  },
  {
    name: 'the runs of a dead process are not due',
    file: 'journal/sqlite/claim.ts',
    line: 'SET owner = NULL, wake_at = 0 WHERE owner IS NOT NULL AND owner`',
    instead: 'SET owner = NULL WHERE owner IS NOT NULL AND owner`',
  },
  {
    name: 'compensations run first to last',
    file: 'workflow/runtime/compensation.ts',
    line: 'of compensations.toReversed())',
    instead: 'of compensations)',
  },
  {
    name: 'the mailbox gives the newest letter',
    file: 'workflow/runtime/mailbox.ts',
    line: 'this.#letters.findIndex((letter) => letter.name',
    instead: 'this.#letters.findLastIndex((letter) => letter.name',
  },
  {
    name: 'a new generation forgets its mailbox',
    file: 'workflow/runtime/lifecycle.ts',
    line: 'mailbox: execution.mailbox.letters,',
    instead: 'mailbox: [],',
  },
  {
    name: 'a snapshot covers items that are under way',
    file: 'workflow/runtime/covered.ts',
    line: 'stands: (part) => tokens.has(part)',
    instead: 'stands: () => true',
  },
  {
    name: 'resuming supersedes too little',
    file: 'workflow/runtime/recorded.ts',
    line: 'return entry.after >= resumption.from',
    instead: 'return entry.after > resumption.from',
  },
  {
    name: 'a parent is not told when its child ends',
    file: 'journal/sqlite/create.ts',
    line: 'if (run.parent !== undefined) link(context, seq, run.parent)',
    instead: '',
  },
  {
    name: 'the time of a run goes back with the clock',
    file: 'workflow/runtime/history-writer.ts',
    line: 'const at = Math.max(Math.floor(this.#host.now()), this.#lastAt, Math.ceil(entry.notBefore ?? 0))',
    instead: 'const at = Math.floor(this.#host.now())',
  },
  {
    name: 'branches that lost go on',
    file: 'workflow/runtime/execution.ts',
    line: 'for (const operation of this.#operations.within(scope)) this.#abandon(operation)',
    instead: '',
  },
  {
    name: 'a result is reused after its lifetime',
    file: 'journal/sqlite/cache.ts',
    line: 'return at <= now && now < expires',
    instead: 'return at <= now',
  },
  {
    name: 'a result is reused beyond its scope',
    file: 'workflow/cache.ts',
    line: 'workflow: [tenant, workflow],',
    instead: 'workflow: [tenant],',
  },
  {
    name: 'a result that is on disk is still being waited for',
    file: 'engine/effects.ts',
    line: 'flight.land()',
    instead: '',
  },
  {
    name: 'a turn of an agent that is on record is asked for again',
    file: 'workflow/runtime/recorded.ts',
    line: "'item.pulled',\n  'model.result',\n  'model.error',\n  'run.cancelling',",
    instead: "'item.pulled',\n  'run.cancelling',",
    says: /asked for again|asked a model/,
  },
  {
    name: 'a round that a snapshot stands for is gone through again, with its tools',
    file: 'workflow/runtime/loop-run.ts',
    line: 'this.#round = this.#tried = round',
    instead: 'this.#round = this.#tried = round - 1',
    says: /what it did is on record/,
  },
  {
    name: 'an approval stands for whatever is called',
    file: 'agent/approve.ts',
    line: 'if (boundTo(tool, value, version, costOf(tool, value)) !== bound)',
    instead: 'if (bound === undefined)',
    says: /nobody approved it/,
  },
  {
    name: 'a decision lands on whatever is asked first',
    file: 'engine/deliver.ts',
    line: 'const operation = find(home, mail.name)\n  if (operation === undefined) return home.took(mail)\n  const answer',
    instead:
      "const operation = [...execution.operations].find(({ spec }) => spec.kind === 'approval')\n  if (operation === undefined) return home.took(mail)\n  const answer",
    says: /nobody approved it/,
  },
  {
    name: 'a start that becomes part of a run only puts it off: its input is lost',
    file: 'journal/sqlite/debounce.ts',
    line: 'insertEntries(context, raw, [entry], secret)\n  context\n    .sql(\n      `UPDATE spanwise_runs SET wake_at = ?, base = ?,',
    instead:
      'insertEntries(context, raw, [], secret)\n  context\n    .sql(\n      `UPDATE spanwise_runs SET wake_at = ?, base = min(base, ?),',
    says: /became part of/,
  },
  {
    name: 'a start that became part of a run is another one when it is repeated',
    file: 'journal/sqlite/create.ts',
    line: 'if (run.request !== undefined) remember(context, run.request, debounced.seq, run.at)',
    instead: '',
    says: / is in .* and in /,
  },
]
