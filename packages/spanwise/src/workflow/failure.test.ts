import { describe, expect, it } from 'vitest'
import { decode, encode, SpanwiseError } from '../journal/index.ts'
import { ApprovalRejectedError, CancelledError, FailError, OutcomeUnknownError, TimeoutError } from './errors.ts'
import { classify, endsRun, type FailureClass, fingerprint, isRetried } from './failure.ts'

const own = (code: string) => new SpanwiseError({ code, message: 'm', hint: 'h' })
const withFacts = (facts: object, message = 'm') => Object.assign(new Error(message), facts)
const fetchFailed = (cause?: unknown) => new TypeError('fetch failed', cause === undefined ? {} : { cause })

const table: readonly (readonly [string, unknown, FailureClass])[] = [
  ['an Error that says nothing', new Error('x'), 'transient'],
  ['something that is not an error', 'x', 'transient'],
  ['undefined', undefined, 'transient'],
  ['null', null, 'transient'],
  ['a TypeError', new TypeError('x is not a function'), 'bug'],
  ['a ReferenceError', new ReferenceError('x is not defined'), 'bug'],
  ['a SyntaxError', new SyntaxError('Unexpected token'), 'bug'],
  ['a RangeError', new RangeError('Invalid array length'), 'bug'],
  ['fetch failed, for no known reason', fetchFailed(), 'transient'],
  ['fetch failed, refused', fetchFailed(withFacts({ code: 'ECONNREFUSED' })), 'transient'],
  ['fetch failed, too late', fetchFailed(withFacts({ code: 'UND_ERR_CONNECT_TIMEOUT' })), 'timeout'],
  ['fetch failed, no such certificate', fetchFailed(withFacts({ code: 'CERT_HAS_EXPIRED' })), 'auth'],
  ['fetch failed, many causes', fetchFailed(new AggregateError([withFacts({ code: 'ECONNREFUSED' })])), 'transient'],
  ['a reset connection', withFacts({ code: 'ECONNRESET' }), 'transient'],
  ['a name that was not resolved', withFacts({ code: 'ENOTFOUND' }), 'transient'],
  ['a connection that took too long', withFacts({ code: 'ETIMEDOUT' }), 'timeout'],
  ['a locked database', withFacts({ code: 'SQLITE_BUSY_SNAPSHOT' }), 'transient'],
  ['HTTP 400', withFacts({ status: 400 }), 'bug'],
  ['HTTP 401', withFacts({ statusCode: 401 }), 'auth'],
  ['HTTP 403', withFacts({ status: 403 }), 'auth'],
  ['HTTP 404', withFacts({ status: 404 }), 'bug'],
  ['HTTP 408', withFacts({ status: 408 }), 'timeout'],
  ['HTTP 409', withFacts({ status: 409 }), 'transient'],
  ['HTTP 429', withFacts({ status: 429 }), 'rate limit'],
  ['HTTP 500', withFacts({ statusCode: 500 }), 'transient'],
  ['HTTP 503', withFacts({ status: 503 }), 'transient'],
  ['HTTP 504', withFacts({ status: 504 }), 'timeout'],
  ['a status that is no failure', withFacts({ status: 200 }), 'transient'],
  ['a status that is text', withFacts({ status: 'active' }), 'transient'],
  ['an abort', new DOMException('aborted', 'AbortError'), 'timeout'],
  ['a timeout of the platform', new DOMException('too late', 'TimeoutError'), 'timeout'],
  ['an error that names its class', withFacts({ failureClass: 'budget', status: 500 }), 'budget'],
  ['FailError', new FailError('no'), 'decision'],
  ['a rejected approval', new ApprovalRejectedError('ok?', 'ann', undefined), 'decision'],
  ['CancelledError', new CancelledError('why'), 'cancelled'],
  ['TimeoutError', new TimeoutError('It', '5s'), 'timeout'],
  ['OutcomeUnknownError', new OutcomeUnknownError('charge'), 'unknown outcome'],
  ['an input that does not fit', own('INVALID_INPUT'), 'invalid input'],
  ['an output that does not fit', own('INVALID_OUTPUT'), 'bad output'],
  ['any other error of ours', own('SHAPE_CHANGED'), 'bug'],
]

describe('the class of a failure', () => {
  it.each(table)('%s', (_, error, expected) => {
    expect(classify(error)).toBe(expected)
  })

  it('is the same after the journal', () => {
    for (const [what, error, expected] of table) {
      if (error === undefined) continue
      expect(classify(decode(encode(error))), what).toBe(expected)
    }
  })

  it('says what is retried: only what waiting can heal', () => {
    const retried = new Set(table.map(([, , found]) => found).filter(isRetried))
    expect(retried).toEqual(new Set(['transient', 'rate limit', 'timeout']))
  })

  it('ends the run only where nobody can mend it: a decision to fail, an input that does not fit', () => {
    expect(endsRun(new FailError('no'))).toBe(true)
    expect(endsRun(own('INVALID_INPUT'))).toBe(true)
    expect(endsRun(new Error('x'))).toBe(false)
    expect(endsRun(new CancelledError('x'))).toBe(false)
    expect(endsRun(new ApprovalRejectedError('ok?', 'ann', undefined))).toBe(false)
    expect(endsRun(withFacts({ code: 'FAILED_ON_PURPOSE' }))).toBe(false)
  })
})

function fails(message: string): Error {
  return new Error(message)
}

function from(name: string): Error {
  return Object.assign(new Error('x'), { stack: `Error: x\n    at ${name} (/app/a.ts:1:3)` })
}

describe('a fingerprint', () => {
  const of = (message: string, operation = 'charge#0', workflow = 'refund') =>
    fingerprint(workflow, operation, fails(message))

  it.each([
    ['other numbers', 'order 17 is missing', 'order 4711 is missing'],
    ['other ids', 'no run 3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'no run 9b2b0e0c-1111-4222-8333-123456789abc'],
    ['other tokens', 'object ord_9f8e7d6c5b4a was not found', 'object ord_1a2b3c4d was not found'],
    ['other quoted parts', 'no column "total" in table', 'no column "amount" in table'],
    ['other names', "cannot read 'a.json'", "cannot read 'b.json'"],
    ['other amounts', 'took 12.5 ms', 'took 3.25 ms'],
    ['a whole amount', 'took 12.5 ms', 'took 3 ms'],
    ['an amount below zero', 'balance is -12', 'balance is 7'],
    ['another file', 'cannot open /home/ann/in/a.json: no such file', 'cannot open /srv/b.json: no such file'],
    ['another place of a file', 'error in /app/src/pay.ts:10:3', 'error in /builds/v2/src/pay.ts:99:1'],
    ['a file on Windows', 'cannot open C:\\in\\a.json now', 'cannot open D:\\out\\b.json now'],
    ['another host and port', 'connect ECONNREFUSED 10.0.0.1:5432', 'connect ECONNREFUSED 192.168.7.12:80'],
    ['another time', 'due 2026-11-25T10:00:00Z', 'due 2025-01-02T03:04:05Z'],
    ['another address', 'no user ann@example.org', 'no user bo.b+x@mail.example.com'],
    ['another hash', 'no block 0x9f8e7d6c5b4a3921', 'no block 0x00ff11ee22dd33cc'],
  ])('does not see %s', (_, one, other) => {
    expect(of(one)).toBe(of(other))
  })

  it('does not see which occurrence or item it was, nor the generation', () => {
    expect(of('x', 'each#0[id-7]/charge#0')).toBe(of('x', 'each#0[id-8]/charge#3'))
    expect(of('x', '@2/charge#0')).toBe(of('x', 'charge#1'))
  })

  it('does not see lines', () => {
    const at = (line: number) =>
      Object.assign(new Error('x'), { stack: `Error: x\n    at pay (/app/pay.ts:${line}:3)\n    at node:internal:1:1` })
    expect(fingerprint('w', 's', at(1))).toBe(fingerprint('w', 's', at(99)))
  })

  it('does not see whether the error has been through the journal', () => {
    for (const error of [fails('x'), own('INVALID_OUTPUT'), new TypeError('x is not a function')])
      expect(fingerprint('w', 's', decode(encode(error)))).toBe(fingerprint('w', 's', error))
  })

  it.each([
    ['another message', of('a'), of('b')],
    ['another request', of('POST /charges/new failed with 500'), of('POST /refunds/new failed with 500')],
    ['another message with apostrophes', of("can't pay Ann's bill"), of("can't find Ann's bill")],
    ['another message behind numbers', of('17 items are missing'), of('17 items are broken')],
    ['another function', fingerprint('w', 's', from('pay')), fingerprint('w', 's', from('refund'))],
    ['another step', of('a', 'charge#0'), of('a', 'refund#0')],
    ['another workflow', of('a', 's', 'v'), of('a', 's', 'w')],
    ['another code', fingerprint('w', 's', own('A')), fingerprint('w', 's', own('B'))],
    ['another kind of error', fingerprint('w', 's', new TypeError('x')), fingerprint('w', 's', new RangeError('x'))],
  ])('tells %s apart', (_, one, other) => {
    expect(one).not.toBe(other)
  })

  it('is made of anything that can be thrown', () => {
    const prints = ['x', 5, null, undefined, {}, Symbol('s')].map((thrown) => fingerprint('w', undefined, thrown))
    for (const print of prints) expect(print).toMatch(/^[\w-]{12}$/)
  })

  it('is made of a long message in no time', () => {
    expect(of(`${'"'.repeat(50_000)}${'a1'.repeat(200_000)}`)).toMatch(/^[\w-]{12}$/)
  })
})
