import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkpointText, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts'
import { leafHash } from './merkle.ts'
import { makeSigner, openNote, parseSigner, parseVerifier, signNote } from './note.ts'

// the example of Go's golang.org/x/mod/sumdb/note, whose format C2SP took over
const peter = {
  secret: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  public: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  line: '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

const code = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return (error as { code: string }).code
  }
  return undefined
}

describe('a signed note', () => {
  it('is what others who keep to the format make', () => {
    expect(signNote(peter.text, [parseSigner(peter.secret)])).toBe(`${peter.text}\n${peter.line}`)
    expect(parseSigner(peter.secret).text).toBe(peter.public)
    const { text, signedBy } = openNote(`${peter.text}\n${peter.line}`, [parseVerifier(peter.public)])
    expect(text).toBe(peter.text)
    expect(signedBy.map(({ name }) => name)).toEqual(['PeterNeumann'])
  })

  it('is refused when one byte of it was changed', () => {
    const signer = makeSigner('example.com/log')
    const note = signNote('one\ntwo\n', [signer])
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.constantFrom('A', 'b', '9', '\n', ' '), (at, by) => {
        fc.pre(note[at] !== by)
        const changed = note.slice(0, at) + by + note.slice(at + 1)
        let opened: string | undefined
        try {
          opened = openNote(changed, [signer]).text
        } catch (error) {
          expect((error as { code: string }).code).toBe('NOTE_INVALID')
        }
        // base64 has letters that say nothing at its end
        if (opened !== undefined) expect(opened).toBe('one\ntwo\n')
      }),
      { numRuns: 500 },
    )
  })

  it('is opened by each key that signed it, and by no other of the same name', () => {
    const [old, now, other] = [makeSigner('log'), makeSigner('log'), makeSigner('log')] as const
    const note = signNote('rotated\n', [old, now])
    expect(openNote(note, [old]).signedBy).toEqual([old])
    expect(openNote(note, [other, now]).signedBy).toEqual([now])
    expect(code(() => openNote(note, [other]))).toBe('NOTE_INVALID')
    expect(code(() => openNote(note, []))).toBe('NOTE_INVALID')
  })

  it('does not take a key that was cut', () => {
    expect(code(() => parseVerifier(peter.public.replace('c74f20a3', 'c74f20a4')))).toBe('AUDIT_KEY_INVALID')
    expect(code(() => parseVerifier(peter.public.slice(0, -4)))).toBe('AUDIT_KEY_INVALID')
    expect(code(() => parseSigner(peter.public))).toBe('AUDIT_KEY_INVALID')
    expect(code(() => makeSigner('with space'))).toBe('AUDIT_KEY_INVALID')
  })
})

describe('a checkpoint', () => {
  const root = leafHash(Buffer.from('x'))

  it('says origin, size, root and time, and comes back', () => {
    const signer = makeSigner('log')
    const checkpoint = { origin: 'spanwise/abc', size: 12, root, at: Date.UTC(2026, 0, 2, 3, 4, 5) }
    const note = signCheckpoint(checkpoint, [signer])
    expect(note.split('\n').slice(0, 4)).toEqual([
      'spanwise/abc',
      '12',
      root.toString('base64'),
      'time 2026-01-02T03:04:05.000Z',
    ])
    expect(openCheckpoint(note, [signer])).toMatchObject(checkpoint)
    expect(parseCheckpoint(checkpointText({ ...checkpoint, at: undefined })).at).toBeUndefined()
  })

  it.each([
    ['no log', `\n1\n${root.toString('base64')}\n`],
    ['no number', `log\none\n${root.toString('base64')}\n`],
    ['a number with zeros in front', `log\n01\n${root.toString('base64')}\n`],
    ['a number that cannot be counted', `log\n99999999999999999999\n${root.toString('base64')}\n`],
    ['half a hash', `log\n1\n${root.subarray(16).toString('base64')}\n`],
    ['no hash', 'log\n1\n'],
  ])('is refused with %s', (_, text) => {
    expect(code(() => parseCheckpoint(text))).toBe('CHECKPOINT_INVALID')
  })
})
