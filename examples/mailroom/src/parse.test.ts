import { expect, test } from 'vitest'
import { corpus, readMail } from './corpus.ts'
import { htmlText } from './html-text.ts'
import { opening, parseMail } from './parse.ts'

const parse = (text: string, encoding: BufferEncoding = 'utf8') => parseMail(Buffer.from(text, encoding))

test('every mail of the corpus parses, and almost all have something to read', { timeout: 60_000 }, async () => {
  const silent: string[] = []
  for (const { id } of corpus()) {
    const mail = await parseMail(await readMail(id))
    expect(mail.broken, id).toBe(false)
    expect(opening(mail).isWellFormed(), id).toBe(true)
    if (mail.text === '') silent.push(id)
  }
  // these are pictures, frames and attachments without a word
  expect(silent.length).toBeLessThan(20)
})

test('the mbox separator is no header', async () => {
  const mail = await parse('From a@b Thu Aug 22 13:17:22 2002\nFrom: Ann <ann@example.org>\nSubject: hi\n\nHello')
  expect(mail).toMatchObject({ from: 'Ann <ann@example.org>', subject: 'hi', text: 'Hello' })
})

test('a declared charset is read, in headers and in the body', async () => {
  const mail = await parse(
    'Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\nContent-Type: text/plain; charset=iso-8859-1\n\nGr\xfc\xdfe',
    'latin1',
  )
  expect(mail).toMatchObject({ subject: 'Grüße', text: 'Grüße' })
})

test('bytes in an undeclared or unknown charset do no harm', async () => {
  expect((await parse('Subject: x\n\n\xff\xfe\x80', 'latin1')).text).toContain('\ufffd')
  expect((await parse('Content-Type: text/plain; charset=klingon\n\nqapla')).text).toBe('qapla')
})

test.each([
  ['nothing', ''],
  ['headers alone', 'Subject: x'],
  ['a body alone', '\n\nbody'],
  ['a multipart that never begins', 'Content-Type: multipart/mixed; boundary=x\n\n'],
  ['a broken transfer encoding', 'Content-Transfer-Encoding: base64\n\n%%%%'],
  ['null bytes', '\0\0\0'],
  ['a header that never ends', `Subject: ${'x'.repeat(3_000_000)}`],
])('%s is a mail too', async (_, text) => {
  await expect(parse(text)).resolves.toBeDefined()
})

test('HTML becomes what a reader would see', () => {
  expect(htmlText('<head><title>t</title></head><p>Fish &amp; chips&#33;</p><script>steal()</script>now')).toBe(
    'Fish & chips!\nnow',
  )
  expect(htmlText('a <!-- hidden --> b < c')).toBe('a b < c')
  expect(htmlText('<style>p{}</style><!-- never closed <b>still read</b>')).toContain('still read')
})

test('HTML that was broken on purpose takes no longer than other HTML', () => {
  for (const piece of ['<!--', '<script>', '<a href="', '&#', '<']) {
    expect(typeof htmlText(piece.repeat(100_000))).toBe('string')
  }
})

test('the opening is short and never ends in half a character', () => {
  const mail = { subject: 'Re: party', text: '🎉'.repeat(500) }
  expect(opening(mail).length).toBeLessThanOrEqual(160)
  expect(opening(mail).isWellFormed()).toBe(true)
})
