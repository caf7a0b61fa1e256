import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { isSpanwiseError, SpanwiseError } from './error.ts'

const init = {
  code: 'STORE_READ_ONLY',
  message: 'The store cannot be written.',
  hint: 'Check the folder’s permissions.',
}

describe('SpanwiseError', () => {
  it('says what happened, what to do and where to read on', () => {
    const error = new SpanwiseError(init)
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ ...init, name: 'SpanwiseError', docs: 'docs/errors.md#store_read_only' })
  })

  it('carries run, step and cause only when they are known', () => {
    const bare = new SpanwiseError(init)
    for (const field of ['run', 'step', 'cause']) expect(field in bare).toBe(false)
    const cause = new Error('EROFS')
    expect(new SpanwiseError({ ...init, cause, run: 'r1', step: 'fetch#0' })).toMatchObject({
      cause,
      run: 'r1',
      step: 'fetch#0',
    })
  })

  it('is named after the subclass that was thrown', () => {
    class TimeoutError extends SpanwiseError {}
    expect(new TimeoutError(init).name).toBe('TimeoutError')
  })
})

describe('isSpanwiseError', () => {
  it('recognises an error of another copy of the package', () => {
    const foreign: unknown = runInNewContext("Object.assign(new Error('x'), { [Symbol.for('spanwise.error')]: true })")
    expect(foreign).not.toBeInstanceOf(SpanwiseError)
    expect(isSpanwiseError(foreign)).toBe(true)
  })

  it.each([null, undefined, 'STORE_READ_ONLY', {}, new Error('plain'), { code: 'STORE_READ_ONLY' }])(
    'does not mistake %o for one',
    (value) => {
      expect(isSpanwiseError(value)).toBe(false)
    },
  )
})
