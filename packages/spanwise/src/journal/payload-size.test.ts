import { describe, expect, it } from 'vitest'
import { checkPayloadSize } from './payload-size.ts'

describe('checkPayloadSize', () => {
  it('counts bytes of UTF-8, up to the limit', () => {
    checkPayloadSize('é'.repeat(5), 'x', 10)
    expect(() => checkPayloadSize('é'.repeat(6), 'x', 10)).toThrow()
  })

  it('says how large, where, and what to do', () => {
    const text = 'x'.repeat(50 * 1024 * 1024)
    expect(() => checkPayloadSize(text, 'The input of refund')).toThrow(
      expect.objectContaining({
        code: 'PAYLOAD_TOO_LARGE',
        message: 'The input of refund is 50.0 MiB of text; the limit is 16.0 MiB.',
        hint: expect.stringContaining('reference'),
      }),
    )
  })
})
