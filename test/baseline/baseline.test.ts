import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ProviderOptions, type ProviderServer, startProvider } from 'loopback-provider'
import { describe, expect, onTestFinished, test } from 'vitest'
import { logicalCalls, readFolder, summarize } from '../../packages/spanwise/src/baseline/index.ts'
import { type Env, run, type Seen, scratch } from './watch.ts'

async function provider(options?: ProviderOptions): Promise<ProviderServer> {
  const server = await startProvider({
    respond: ({ turns }) => ({ text: `Said to ${turns.at(-1)?.text}.` }),
    ...options,
  })
  onTestFinished(() => server.close())
  return server
}

const env = ({ baseURL, port }: ProviderServer): Env => ({
  PROVIDER: baseURL,
  SPANWISE_BASELINE_HOSTS: `127.0.0.1:${port}=openai`,
})
const quiet = { SPANWISE_BASELINE_REPORT: 'off' }
/** pids and line numbers of Node differ from process to process */
const plain = ({ out, err, code, signal }: Seen): unknown => ({
  out,
  err: err.replaceAll(/node:\d+|\(Use .*\n/g, ''),
  code,
  signal,
})

describe('a program', () => {
  test('says the same with and without, and its calls are recorded', async () => {
    const server = await provider()
    const faults = [
      undefined,
      { kind: 'status', status: 503, retryAfter: 0 },
      undefined,
      undefined,
      undefined,
      { kind: 'status', status: 400 },
    ] as const
    server.fail(...faults)
    const without = await run('ask.mjs', [], env(server))
    server.fail(...faults)
    const folder = scratch()
    const seen = await run('ask.mjs', [], { ...env(server), ...quiet }, folder)
    expect(plain(seen)).toEqual(plain(without))

    const half = server.ledger.served.slice(server.ledger.calls / 2)
    const { requests, unreadable } = readFolder(folder)
    expect(unreadable).toBe(0)
    expect(requests.map(({ begin, end }) => [begin.provider, begin.path, end?.status, end?.usage?.input])).toEqual(
      half.map(({ status, path, billed }) => ['openai', path, status, status === 200 ? billed.input : undefined]),
    )
    const calls = logicalCalls(requests)
    expect(
      calls.map(({ outcome, requests, model, streamed, repeats, failures }) => [
        outcome,
        requests,
        model,
        streamed,
        repeats,
        failures,
      ]),
    ).toEqual([
      ['ok', 1, 'gpt-5-mini', false, false, []],
      ['ok', 2, 'gpt-5-mini', false, false, ['503']],
      ['ok', 1, 'gpt-5-mini', false, true, []],
      ['ok', 1, 'gpt-5', true, false, []],
      ['gave up', 1, 'gpt-5-mini', false, false, ['400']],
    ])
    expect(calls[0]?.site).toMatch(/programs\/ask\.mjs:8:\d+ ask$/)
    const billed = half.map(({ billed, status }, n) =>
      status === 200
        ? BigInt(billed.input) * (n === 4 ? 1250n : 250n) + BigInt(billed.output) * (n === 4 ? 10_000n : 2000n)
        : 0n,
    )
    expect(summarize(calls).cost).toBe(billed.reduce((sum, each) => sum + each, 0n))
  })

  test('is told at its end what it did, on stderr', async () => {
    const server = await provider()
    server.fail(undefined, undefined, undefined, undefined, { kind: 'status', status: 400 })
    const folder = scratch()
    const { err, code } = await run('ask.mjs', [], env(server), folder)
    expect(code).toBe(0)
    expect(err).toContain('5 calls to models in 1 run, 5 requests')
    expect(err).toContain('80.0 % (4 of 5), gave up 1')
    expect(err).toMatch(/1 of 5 calls asked exactly what an earlier one had been answered: \$0\.0000\d+ to save/)
    expect(err).toMatch(/ask\.mjs:8:\d+ ask/)
    expect(err).toContain(`kept in ${folder}`)
  })

  test('keeps no word of what was asked or answered, unless asked to', async () => {
    const server = await provider()
    const text = (folder: string): string =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join('\n')
    const folder = scratch()
    await run('ask.mjs', [], { ...env(server), ...quiet }, folder)
    expect(text(folder)).not.toMatch(/Said to|refused"/)
    const kept = scratch()
    await run('ask.mjs', [], { ...env(server), ...quiet, SPANWISE_BASELINE_TEXT: 'keep' }, kept)
    expect(text(kept)).toMatch(/Said to/)
  })

  test('in CommonJS, with its children and threads, is one run', async () => {
    const server = await provider()
    const without = await run('legacy.cjs', [], env(server))
    const folder = scratch()
    const seen = await run('legacy.cjs', [], env(server), folder)
    expect(seen.out).toBe(without.out)
    expect(seen.err).toContain('4 calls to models in 1 run')
    const { requests } = readFolder(folder)
    expect(requests.map(({ end }) => [end?.outcome, end?.model, end?.usage?.output])).toEqual(
      server.ledger.served.slice(4).map(({ billed }) => ['ok', 'gpt-4.1-mini', billed.output]),
    )
    expect(new Set(requests.map(({ process }) => process.pid)).size).toBe(3)
    expect(requests[0]?.begin.site).toMatch(/legacy\.cjs:\d+:\d+/)
  })

  test('that is slower than what it reads holds the server back as before', async () => {
    const seen = await run('pressure.mjs', [], quiet, scratch())
    expect(plain(seen)).toEqual(plain(await run('pressure.mjs', [], {})))
    expect(seen.out).toContain('held back: true')
  })
})

describe('a program that ends in the middle of a call', () => {
  test.each([
    ['throws', 'lost'],
    ['rejects', 'lost'],
    ['exits', 'lost'],
    ['code', 'ok'],
    ['aborts', 'left'],
    ['cancels', 'left'],
    ['killed', 'lost'],
    ['terminated', 'lost'],
    ['refused', 'gave up'],
  ])('%s: ends as it would, and the call is seen as %s', async (way, outcome) => {
    const server = await provider({
      pace: { perChunk: way === 'code' ? 0 : 200 },
      respond: () => ({ text: 'word '.repeat(20) }),
    })
    const without = await run('ends.mjs', [way], env(server))
    const folder = scratch()
    const seen = await run('ends.mjs', [way], { ...env(server), ...quiet }, folder)
    expect(plain(seen)).toEqual(plain(without))
    const calls = logicalCalls(readFolder(folder).requests)
    expect(calls[0]?.outcome).toBe(outcome)
    if (way === 'aborts') expect(calls[1]).toMatchObject({ outcome: 'gave up', failures: ['TimeoutError'] })
  })
})

describe('what cannot be written', () => {
  test('does not touch the program, and is said at its end', async () => {
    const server = await provider()
    const folder = scratch()
    writeFileSync(join(folder, 'file'), '')
    const without = await run('ask.mjs', [], env(server))
    const seen = await run('ask.mjs', [], env(server), join(folder, 'file', 'below'))
    expect([seen.out, seen.code]).toEqual([without.out, without.code])
    expect(seen.err).toContain('5 calls to models')
    expect(seen.err).toMatch(/not kept: .*ENOTDIR/)
  })

  test('because the disk is full leaves what came before, and the program as it is', async () => {
    const server = await provider()
    const folder = scratch()
    const without = await run('ask.mjs', [], env(server))
    // files may grow to 1 KiB; the signal that is sent by default is switched off
    const seen = await run('ask.mjs', [], env(server), folder, 'trap "" XFSZ; ulimit -f 1')
    expect([seen.out, seen.code]).toEqual([without.out, without.code])
    expect(seen.err).toContain('5 calls to models')
    expect(seen.err).toMatch(/not kept: .*EFBIG/)
    const { requests, unreadable } = readFolder(folder)
    expect(requests.length).toBeGreaterThan(0)
    expect(unreadable).toBeLessThanOrEqual(1)
  })

  test('is nothing at all where no model is asked', async () => {
    const folder = join(scratch(), 'records')
    const seen = await run('ends.mjs', ['none'], {}, folder)
    expect(seen.code).toBe(1)
    expect(existsSync(folder)).toBe(false)
    expect(seen.err).not.toContain('calls to models')
  })
})
