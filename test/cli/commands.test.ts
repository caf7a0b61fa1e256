import { expect, it } from 'vitest'
import { type Ended, type Project, project, shop } from './project.ts'

/** The one JSON document of a command. */
function document(ended: Ended): Record<string, unknown> {
  const lines = ended.out.trimEnd().split('\n')
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] as string) as Record<string, unknown>
}

async function started(shopping: Project, ...args: readonly string[]): Promise<string> {
  return String(document(await shopping.cli('run', ...args, '--detach', '--json'))['run'])
}

it('run works where there is no worker: the result on stdout, the way there on stderr', async () => {
  const { out, err, code } = await project(shop).cli('run', 'greet', 'Ada')
  expect({ out, code }).toEqual({ out: 'hello Ada\n', code: 0 })
  expect(err).toContain('✔ hello')
  expect(err).toContain('greeting name=Ada')
})

it('input comes as an argument, from a file or from stdin, and from one of them only', async () => {
  const shopping = project({ ...shop, 'name.json': '"Bo"' })
  expect((await shopping.cli('run', 'greet', '"Ada"')).out).toBe('hello Ada\n')
  expect((await shopping.cli('run', 'greet', '--file', 'name.json')).out).toBe('hello Bo\n')
  expect((await shopping.begin(['run', 'greet', '--stdin'], { stdin: '"Cy"' }).ended).out).toBe('hello Cy\n')
  const twice = await shopping.cli('run', 'greet', 'Ada', '--file', 'name.json')
  expect(twice).toMatchObject({ code: 2, out: '', err: expect.stringContaining('given more than once') })
  const broken = await shopping.cli('run', 'refund', '{order: 1}')
  expect(broken).toMatchObject({ code: 2, err: expect.stringContaining('Quote it for the shell') })
})

it('a wrong input leaves no run behind', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'greet', 'Ada')
  const wrong = await shopping.cli('run', 'greet', '5')
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('expected string') })
  expect(document(await shopping.cli('runs', '--json'))['runs']).toHaveLength(1)
})

it('the same id is the same run', async () => {
  const shopping = project(shop)
  const first = document(await shopping.cli('run', 'greet', 'Ada', '--id', 'a', '--json'))
  expect(document(await shopping.cli('run', 'greet', 'Ada', '--id', 'a', '--json'))).toEqual(first)
  const other = await shopping.cli('run', 'greet', 'Bo', '--id', 'a', '--json')
  expect(document(other)).toMatchObject({ error: { code: 'ID_CONFLICT', run: first['run'] } })
  expect(other.code).toBe(1)
})

it('exit codes tell a failed run, one that needs attention, and wrong usage apart', async () => {
  const shopping = project(shop)
  expect((await shopping.cli('run', 'dies', 'no stock')).code).toBe(1)
  expect((await shopping.cli('run', 'charge', 'bad')).code).toBe(3)
  expect((await shopping.cli('run', 'nothing')).code).toBe(2)
  expect((await shopping.cli('frobnicate')).code).toBe(2)
  expect((await shopping.cli('runs', '--limit', 'many')).code).toBe(2)
  expect((await shopping.cli('runs', 'show', 'nowhere')).code).toBe(1)
  expect((await shopping.cli('--help')).code).toBe(0)
})

it('a failure shows its causes, the place in the user’s code and what to do, and not our stack', async () => {
  const shopping = project(shop)
  const { err } = await shopping.cli('run', 'charge', 'bad')
  expect(err).toContain('attempt 2 failed: card declined')
  expect(err).toMatch(/error: Run \S+ needs attention: card declined\n {2}caused by: do not honour/)
  expect(err).toMatch(/at .*workflows\.ts:\d+:\d+/)
  expect(err).toMatch(/hint: Mend the cause, then resume it:\s+spanwise resume \S+\n/)
  expect(err).not.toContain('spanwise/src')
  const debugged = await shopping.begin(['run', 'charge', 'bad'], { env: { SPANWISE_DEBUG: '1' } }).ended
  expect(debugged.err).toContain('Error: card declined\n    at ')
})

it('runs are listed, filtered and paged', async () => {
  const shopping = project(shop)
  for (const name of ['a', 'b', 'c']) await shopping.cli('run', 'greet', name, '--tag', 'x', '--tag', name)
  await shopping.cli('run', 'charge', 'bad')
  const { out } = await shopping.cli('runs')
  expect(out.split('\n')[0]).toMatch(/^RUN +WORKFLOW +STATUS +CHANGED +NOTE$/)
  expect(out).toMatch(/charge +needs attention +\d+ s ago +card declined/)
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const listed = async (...args: readonly string[]): Promise<unknown[]> =>
    document(await shopping.cli('runs', '--json', ...args))['runs'] as unknown[]
  expect(await listed('--status', 'needs-attention')).toMatchObject([{ workflow: 'charge' }])
  expect(await listed('--status', 'completed,failed')).toHaveLength(3)
  expect(await listed('--workflow', 'greet', '--tag', 'x', '--tag', 'b')).toHaveLength(1)
  expect(await listed('--text', 'bad')).toHaveLength(1)
  const page = document(await shopping.cli('runs', '--json', '--limit', '3'))
  expect(await listed('--after', String(page['after']))).toHaveLength(1)
  expect((await shopping.cli('runs', '--status', 'odd')).code).toBe(2)
})

it('a run is found by the beginning of its id and by its workflow and id', async () => {
  const shopping = project(shop)
  const run = await started(shopping, 'greet', 'Ada', '--id', 'a')
  for (const name of [run, run.slice(0, 6), 'greet:a']) {
    expect(document(await shopping.cli('runs', 'show', name, '--json'))).toMatchObject({ run, id: 'a', input: 'Ada' })
  }
  const all = await Promise.all(Array.from({ length: 5 }, (_, i) => started(shopping, 'greet', 'x', '--id', `${i}`)))
  expect(all.every((id) => id.startsWith('r'))).toBe(true)
  const vague = await shopping.cli('runs', 'show', 'r')
  expect(vague).toMatchObject({ code: 2, err: expect.stringContaining('more than one id') })
})

it('show tells input, error, attempts and times of a run', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'charge', 'bad', '--id', 'c', '--tag', 'vip')
  const { out } = await shopping.cli('runs', 'show', 'charge:c')
  expect(out).toMatch(/^charge {2}\S+ {2}needs attention\n/)
  expect(out).toMatch(/tags +vip/)
  expect(out).toContain('attempt 1 failed: card declined')
  expect(out).toContain('caused by: do not honour')
  const shown = document(await shopping.cli('runs', 'show', 'charge:c', '--json'))
  expect(shown).toMatchObject({ status: 'needs attention', tags: ['vip'], error: { message: 'card declined' } })
  expect(shown['events']).toContainEqual(expect.objectContaining({ kind: 'run.parked' }))
})

it('a signal and an approval with a form move a run on, and follow shows it to its end', async () => {
  const shopping = project(shop)
  const worker = shopping.begin(['start'])
  await worker.says('working on')
  const run = await started(shopping, 'refund', '{"order": "o-7"}', '--id', 'o-7')
  const following = shopping.begin(['runs', 'follow', 'refund:o-7', '--json'])
  const wrong = await shopping.cli('signal', 'refund:o-7', 'paid', '{"amount": "much"}')
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('amount') })
  await shopping.cli('signal', 'refund:o-7', 'paid', '{"amount": 12}')
  await expect.poll(async () => (await shopping.cli('approvals')).out).toContain('refund o-7?')
  const asked = document(await shopping.cli('approvals', '--role', 'finance', '--json'))
  expect(asked['approvals']).toMatchObject([{ run, question: 'refund o-7?', hasForm: true }])
  const [{ id }] = asked['approvals'] as [{ id: string }]
  const unfilled = await shopping.cli('approve', 'refund:o-7', '--form', '{}')
  expect(unfilled).toMatchObject({ code: 2, err: expect.stringContaining('note') })
  const said = await shopping.cli('approve', run.slice(0, 9), '--by', 'ann', '--form', '{"note": "fine"}')
  expect(said).toMatchObject({ code: 0, out: 'approved by ann\n' })
  const lines = (await following.ended).out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.map((line) => line['kind'])).toEqual([
    'run.started',
    'signal.received',
    'approval.requested',
    'approval.decided',
    'run.completed',
    undefined,
  ])
  expect(lines.at(-1)).toMatchObject({
    status: 'completed',
    result: { order: 'o-7', amount: 12, by: 'ann', note: 'fine' },
  })
  const late = await shopping.cli('approve', id, '--form', '{"note": ""}')
  expect(late).toMatchObject({ code: 1, err: expect.stringContaining('already') })
})

it('reject says why', async () => {
  const shopping = project(shop)
  const worker = shopping.begin(['start'])
  await worker.says('working on')
  const run = await started(shopping, 'patient')
  await expect.poll(async () => (await shopping.cli('approvals')).out).toContain('go on?')
  await shopping.cli('reject', run, '--by', 'bo', '--reason', 'too late')
  expect(await shopping.cli('runs', 'follow', run)).toMatchObject({
    code: 3,
    err: expect.stringContaining('rejected by bo: too late'),
  })
})

it('a parked run is resumed, with another input or a result, one by one or by fingerprint', async () => {
  const shopping = project(shop)
  const [one, two, three] = await Promise.all(
    ['1', '2', '3'].map(
      async (id) => document(await shopping.cli('run', 'charge', 'bad', '--id', id, '--json'))['run'],
    ),
  )
  const dry = await shopping.cli('resume', String(one), '--dry-run')
  expect(dry).toMatchObject({ code: 0, out: `${one} would be resumed from pay\n` })
  const [{ fingerprint }] = document(await shopping.cli('runs', '--json'))['runs'] as [{ fingerprint: string }]
  expect((await shopping.cli('resume', '--fingerprint', fingerprint, '--dry-run')).out).toMatch(
    /^3 runs would be resumed\n/,
  )
  const worker = shopping.begin(['start'])
  await worker.says('working on')
  await shopping.cli('resume', 'charge:1', '--edit-input', '"good"')
  expect(await shopping.cli('runs', 'follow', String(one))).toMatchObject({ code: 0, out: 'paid by good\n' })
  await shopping.cli('resume', 'charge:2', '--edit-result', '"in cash"')
  expect(await shopping.cli('runs', 'follow', String(two))).toMatchObject({ code: 0, out: 'in cash\n' })
  const rest = document(await shopping.cli('resume', '--fingerprint', fingerprint, '--json'))
  expect(rest).toMatchObject({ matched: 1, done: 1, skipped: [] })
  await expect
    .poll(async () => (await shopping.cli('runs', 'show', String(three))).out)
    .toMatch(/resumed[\s\S]*needs attention: card declined\n$/)
  const nothing = await shopping.cli('resume')
  expect(nothing).toMatchObject({ code: 2, err: expect.stringContaining('No run is named') })
  const over = await shopping.cli('resume', String(one))
  expect(over).toMatchObject({ code: 1, err: expect.stringContaining('does not need attention') })
})

it('cancel and give-up end runs', async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'charge', 'bad', '--id', 'c')
  const waits = await started(shopping, 'patient')
  const worker = shopping.begin(['start', '--json'])
  await worker.says('"working"')
  await shopping.cli('cancel', waits, '--reason', 'ordered twice')
  expect(await shopping.cli('runs', 'follow', waits)).toMatchObject({
    code: 1,
    err: expect.stringContaining('ordered twice'),
  })
  await shopping.cli('give-up', 'charge:c', '--reason', 'the card is gone')
  await expect
    .poll(async () => (await shopping.cli('runs', 'show', 'charge:c')).out)
    .toMatch(/^charge {2}\S+ {2}failed/)
  worker.child.kill('SIGTERM')
  const { out, code } = await worker.ended
  expect(code).toBe(0)
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(events[0]).toMatchObject({ event: 'working', pid: worker.child.pid })
  expect(events.at(-1)).toMatchObject({ event: 'stopped' })
  expect(events).toContainEqual(expect.objectContaining({ run: waits, workflow: 'patient', status: 'cancelled' }))
  expect(events).toContainEqual(expect.objectContaining({ workflow: 'charge', status: 'failed' }))
})

it('without a worker what is told is durable, and the command says that nobody is there', async () => {
  const shopping = project(shop)
  const detached = await shopping.cli('run', 'refund', '{"order": "o"}', '--id', 'o', '-d')
  expect(detached.err).toContain('queued: no worker runs now')
  const told = await shopping.cli('signal', 'refund:o', 'paid', '{"amount": 1}')
  expect(told).toMatchObject({ code: 0, err: expect.stringContaining('spanwise start') })
})

it('a store that is not there is said to be missing, and not made', async () => {
  const shopping = project(shop)
  expect(await shopping.cli('runs')).toMatchObject({ code: 1, err: expect.stringContaining('There is no store') })
  expect(await shopping.cli('runs', '--store', 'sqlite:./other.db')).toMatchObject({ code: 1 })
  expect(await shopping.cli('runs', '--store', 'mysql:x')).toMatchObject({ code: 2 })
  expect(document(await shopping.cli('runs', '--json'))).toMatchObject({ error: { code: 'STORE_MISSING' } })
})
