import { expect, test } from 'vitest'
import { encode } from '../journal/index.ts'
import { type Found, Redactor, StreamRedaction } from './index.ts'

// put together, so that nobody's scanner takes them for real ones
const part = (length: number) => 'aB3dE5gH7jK9mN1pQ2sT4vW6xY8z'.repeat(10).slice(0, length)
const samples: Readonly<Record<string, string>> = {
  'openai-key': `sk-proj-${part(48)}`,
  'anthropic-key': `sk-ant-api03-${part(60)}`,
  'aws-key': `AKIA${'IOSFODNN7EXAMPLE'.slice(0, 16)}`,
  'github-token': `ghp_${part(36)}`,
  'gitlab-token': `glpat-${part(20)}`,
  'slack-token': `xoxb-${'123456789012-'.repeat(2)}${part(24)}`,
  'google-key': `AIza${part(35)}`,
  'stripe-key': `sk_live_${part(24)}`,
  'npm-token': `npm_${part(36)}`,
  'huggingface-token': `hf_${part(34)}`,
  'sendgrid-key': `SG.${part(22)}.${part(43)}`,
  jwt: `eyJ${part(20)}.eyJ${part(40)}.${part(43)}`,
}
const key = samples['openai-key'] as string
const pem = `-----BEGIN RSA PRIVATE KEY-----\n${`${part(64)}\n`.repeat(5)}-----END RSA PRIVATE KEY-----`

const standard = Redactor.of(undefined)

test.each(Object.entries(samples))('%s is found in a sentence, in quotes and behind a colon', (kind, secret) => {
  for (const text of [`it is ${secret}, they say`, `{"a":"${secret}"}`, `a:${secret}`, secret]) {
    const { text: clean, found } = standard.text(text)
    expect(clean).toBe(text.replace(secret, `[${kind}]`))
    expect(found).toBe(`${kind} 1`)
  }
})

test.each([
  ['curl -H "Authorization: Bearer f3a9c1e7b5d24680aa"', 'f3a9c1e7b5d24680aa'],
  ['postgres://ann:s3cr3t@db.example.com:5432/app', 's3cr3t'],
  ['amqp://guest:g%40est@[::1]/x', 'g%40est'],
  ['DB_PASSWORD=hunter2hunter2', 'hunter2hunter2'],
  ['password: "correct horse battery 1"', 'correct horse battery 1'],
  ['{\\"api_key\\": \\"0123456789abcdef\\"}', '0123456789abcdef'],
  ['aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY', 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY'],
  [`cert: ${pem} end`, pem],
  [pem.slice(0, 200), pem.slice(0, 200)],
  [`Authorization: Basic ${btoa('ann:open sesame')}`, btoa('ann:open sesame')],
  [`blob ${btoa(`{"key":"${key}"}`)} end`, btoa(`{"key":"${key}"}`)],
])('what is secret in %s', (text, secret) => {
  const { text: clean } = standard.text(text)
  expect(clean).not.toContain(secret)
  // and it is left alone when it is looked at again
  expect(standard.text(clean).text).toBe(clean)
})

test.each([
  'The password must have eight characters.',
  'password: please enter it below',
  'api_key=$API_KEY, secret: <secret>, token = [openai-key]',
  'Authorization: required',
  'sk-learn, task-runner-with-a-rather-long-name, basic instructions, bearer of good news',
  'see https://example.com/a:b@c and mailto:ann@example.com at 12:30',
  'sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '{"maxOutputTokens":1000,"inputTokens":12,"password":null}',
  '550e8400-e29b-41d4-a716-446655440000',
])('nothing is secret in %s', (text) => {
  expect(standard.text(text).text).toBe(text)
})

test('a value keeps its shape: keys, maps, errors, bytes and addresses are redacted, what holds nothing is the same object', () => {
  const clean = { at: new Date(0), list: [1, 'two'] }
  const cause = new TypeError(`bad key ${key}`)
  const error = Object.assign(new Error(`no: ${key}`, { cause }), { status: 401, url: `https://a/?k=${key}` })
  const value = {
    clean,
    [`k ${key}`]: 1,
    [`k sk-proj-${part(40)}`]: 2,
    map: new Map([[key, key]]),
    error,
    bytes: new TextEncoder().encode(`é ${key}`),
    url: new URL('https://ann:s3cr3t@example.com/'),
    headers: { authorization: 'opaque', 'x-api-key': 'short', cookie: '' },
    json: JSON.stringify({ deep: JSON.stringify({ key }) }),
  }
  const { value: redacted, found } = standard.value(value) as { value: typeof value; found: string }
  expect(redacted.clean).toBe(clean)
  expect(Object.keys(redacted)).toEqual(expect.arrayContaining(['k [openai-key]', 'k [openai-key] 2']))
  expect(redacted.map).toEqual(new Map([['[openai-key]', '[openai-key]']]))
  expect(redacted.error.message).toBe('no: [openai-key]')
  expect(redacted.error.stack).not.toContain(key)
  expect(redacted.error).toMatchObject({ status: 401, url: 'https://a/?k=[openai-key]' })
  expect(redacted.error.cause).toBeInstanceOf(TypeError)
  expect((redacted.error.cause as Error).message).toBe('bad key [openai-key]')
  expect(new TextDecoder().decode(redacted.bytes)).toBe('é [openai-key]')
  expect(String(redacted.url)).not.toContain('s3cr3t')
  expect(redacted.headers).toEqual({ authorization: '[secret]', 'x-api-key': '[secret]', cookie: '' })
  expect(JSON.parse(JSON.parse(redacted.json).deep)).toEqual({ key: '[openai-key]' })
  expect(found).toContain('openai-key')
  // what was given is not touched
  expect(error.message).toContain(key)
  expect(encode(redacted)).not.toContain(key)
})

test('values that are named are found wherever they stand, in JSON and in base64 too', () => {
  process.env['REDACTION_TEST'] = 'line one "quoted"\nline two'
  try {
    const redactor = Redactor.of({ references: ['REDACTION_TEST', 'NOT_SET_AT_ALL'] })
    const value = process.env['REDACTION_TEST'] as string
    expect(redactor.text(`x ${value} y`).text).toBe('x [redaction-test] y')
    expect(redactor.text(JSON.stringify({ value })).text).toBe('{"value":"[redaction-test]"}')
    expect(redactor.text(btoa(value)).text).toBe('[redaction-test]')
    expect(redactor.text('only line one "quoted"').text).toBe('only [redaction-test]')
  } finally {
    delete process.env['REDACTION_TEST']
  }
  const short = { name: 'pin', value: () => '1234' }
  expect(() => Redactor.of({ references: [short] })).toThrow(/pin has fewer than 8/)
})

test('parts that overlap become one, and nothing of either is left', () => {
  const find = (): Found[] => [
    { start: 2, end: 6, kind: 'a' },
    { start: 4, end: 9, kind: 'b' },
    { start: 9, end: 10, kind: 'c' },
  ]
  expect(Redactor.of({ find }).text('0123456789').text).toBe('01[a][c]')
})

test.each([
  ['throws', () => JSON.parse('secret text')],
  ['answers a promise', async () => []],
  ['points outside of the text', () => [{ start: 0, end: 99, kind: 'a' }]],
  ['names a kind after what it found', () => [{ start: 0, end: 4, kind: 'Ann@example.com' }]],
])('a function that %s is a clear error that says nothing of the text', (_, find) => {
  const redactor = Redactor.of({ find: find as never })
  expect(() => redactor.text('secret text')).toThrow(expect.objectContaining({ code: 'REDACTION_FAILED' }))
  expect(() => redactor.text('secret text')).not.toThrow(/secret text/)
})

test.each([
  ['a stream in single characters', 1],
  ['a stream in threes', 3],
  ['a stream in pieces of forty', 40],
])('a secret that is cut in pieces is not shown: %s', (_, size) => {
  const said = `The key is ${key} and password = "p4ssw0rd!"; Bearer ${part(30)}\n${pem}\nThat is all.`
  const stream = new StreamRedaction(standard)
  const shown: string[] = []
  for (let at = 0; at < said.length; at += size)
    for (const one of stream.push({ type: 'text-delta', id: 't', delta: said.slice(at, at + size) }, at === 0))
      shown.push((one as { delta: string }).delta)
  // so far is shown before it ends
  expect(shown.join('')).toContain('The key is [openai-key]')
  for (const one of stream.push({ type: 'text-end', id: 't' }, false))
    if ('delta' in (one as object)) shown.push((one as { delta: string }).delta)
  expect(shown.join('')).toBe(standard.text(said).text)
})

/** How long eight times as much takes, against as much; the best of some, because others use this machine too. */
function growth(text: (size: number) => string): number {
  const time = (size: number) => {
    const one = text(size)
    let best = Number.POSITIVE_INFINITY
    for (let i = 0; i < 4; i++) {
      const started = performance.now()
      standard.text(one)
      best = Math.min(best, performance.now() - started)
    }
    return best
  }
  // so that what is compiled is compiled
  time(400_000)
  return time(3_200_000) / Math.max(time(400_000), 4)
}

const nasty: readonly string[] = [
  'sk-',
  'eyJa.',
  'eyJaaaaaaaaaa.eyJaaaaaaaaaa',
  '://a:',
  'a://b:c',
  'Bearer ',
  'Basic ',
  'password=',
  'password="',
  "secret: '\\",
  '-----BEGIN PRIVATE KEY',
  '-----BEGIN RSA PRIVATE KEY----- ',
  'A',
  'A-',
  'xoxb-',
  ' \n',
  '"',
  'hooks.slack.com/services/',
  '123456789:AA',
]
test.each(nasty)('eight times %j takes about eight times as long', (piece) => {
  // quadratic cost would make it 64
  expect(growth((size) => piece.repeat(size / piece.length))).toBeLessThan(32)
})

test('one token of sixteen megabytes is one part', () => {
  const { text, found } = standard.text(`sk-${'a1'.repeat(8 * 1024 * 1024)} end`)
  expect([text, found]).toEqual(['[openai-key] end', 'openai-key 1'])
})
