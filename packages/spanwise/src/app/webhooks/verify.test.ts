import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isPublic } from './post.ts'
import { signedHeaders } from './sign.ts'
import { schemes } from './verify.ts'

const request = (body: string, headers: Readonly<Record<string, string>>) => ({
  body: Buffer.from(body),
  headers: new Headers(headers),
})
const hex = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex')

describe('signatures', () => {
  // the example of the reference libraries
  const standard = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature':
      'v1,g0hM9SsE+OTPJTGt/tmKtSyEewqWgfqXH8HJWAVf3p8= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

  it('of Standard Webhooks are those of its libraries, with any of several secrets', () => {
    const found = schemes.standard(request('{"test": 2432232314}', standard), ['other', secret])
    expect(found).toEqual({ id: standard['webhook-id'], at: 1614265330_000 })
    expect(schemes.standard(request('{"test": 2432232315}', standard), [secret])).toBeUndefined()
    expect(schemes.standard(request('{"test": 2432232314}', standard), ['other'])).toBeUndefined()
    const moved = { ...standard, 'webhook-timestamp': '1614265331' }
    expect(schemes.standard(request('{"test": 2432232314}', moved), [secret])).toBeUndefined()
    const renamed = { ...standard, 'webhook-id': 'msg_other' }
    expect(schemes.standard(request('{"test": 2432232314}', renamed), [secret])).toBeUndefined()
    const { 'webhook-signature': _, ...unsigned } = standard
    expect(schemes.standard(request('{"test": 2432232314}', unsigned), [secret])).toBeUndefined()
  })

  it('that we make are verified, by the old secret and the new one', () => {
    const headers = signedHeaders('msg_1', '{}', ['old', secret], 5_000)
    for (const one of ['old', secret])
      expect(schemes.standard(request('{}', headers), [one])).toEqual({ id: 'msg_1', at: 5_000 })
  })

  it('of GitHub are those of its documentation; what is not signed does not count as an id', () => {
    const headers = {
      'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
      'x-github-delivery': 'a',
    }
    const first = schemes.github(request('Hello, World!', headers), ["It's a Secret to Everybody"])
    expect(first).toMatchObject({ id: expect.any(String) })
    const again = request('Hello, World!', { ...headers, 'x-github-delivery': 'b' })
    expect(schemes.github(again, ["It's a Secret to Everybody"])).toEqual(first)
    expect(schemes.github(request('Hello, World?', headers), ["It's a Secret to Everybody"])).toBeUndefined()
    expect(schemes.github(request('Hello, World!', {}), ["It's a Secret to Everybody"])).toBeUndefined()
  })

  it('of Slack are those of its documentation, and its handshake is answered', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'
    const headers = {
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      'x-slack-request-timestamp': '1531420618',
    }
    expect(schemes.slack(request(body, headers), ['8f742231b10e8888abcd99yyyzzz85a5'])).toMatchObject({
      at: 1531420618_000,
    })
    expect(schemes.slack(request(`${body}1`, headers), ['8f742231b10e8888abcd99yyyzzz85a5'])).toBeUndefined()
    const hello = '{"type":"url_verification","challenge":"c1"}'
    const signed = { 'x-slack-request-timestamp': '7', 'x-slack-signature': `v0=${hex('k', `v0:7:${hello}`)}` }
    expect(schemes.slack(request(hello, signed), ['k'])).toMatchObject({ reply: { challenge: 'c1' } })
  })

  it('of Stripe know an event that is sent again by its id', () => {
    const sign = (body: string, at: number): Record<string, string> => ({
      'stripe-signature': `t=${at},v1=${'0'.repeat(64)},v1=${hex('k', `${at}.${body}`)},v0=ab`,
    })
    const body = '{"id":"evt_1","pending_webhooks":1}'
    expect(schemes.stripe(request(body, sign(body, 9)), ['k'])).toEqual({ id: 'evt_1', at: 9_000 })
    const later = '{"id":"evt_1","pending_webhooks":0}'
    expect(schemes.stripe(request(later, sign(later, 99)), ['k'])).toEqual({ id: 'evt_1', at: 99_000 })
    expect(schemes.stripe(request(later, sign(body, 9)), ['k'])).toBeUndefined()
    expect(schemes.stripe(request(body, { 'stripe-signature': `v1=${hex('k', `.${body}`)}` }), ['k'])).toBeUndefined()
  })
})

it('knows which addresses are public', () => {
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    '::',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    'fd00::1',
    'fe80::1',
    '64:ff9b::7f00:1',
    'not an address',
  ])
    expect(isPublic(address), address).toBe(false)
  for (const address of ['93.184.216.34', '172.32.0.1', '2606:2800:220:1::1', '::ffff:93.184.216.34'])
    expect(isPublic(address), address).toBe(true)
})
