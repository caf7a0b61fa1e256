import { expect, test } from 'vitest'
import { corpus, groups, readMail, representative, selection, whole } from './corpus.ts'

test('the corpus lists every mail once, with its label', () => {
  const mails = corpus()
  expect(mails).toHaveLength(6046)
  expect(new Set(mails.map(({ id }) => id)).size).toBe(6046)
  expect(mails.filter(({ spam }) => spam)).toHaveLength(1896)
})

test('a representative part has the same share of every group as the whole', () => {
  const all = whole().mails
  const part = representative(1500).mails
  for (const group of groups) {
    const share = (mails: typeof all) => mails.filter((mail) => mail.group === group).length / mails.length
    expect(share(part)).toBeCloseTo(share(all), 2)
  }
})

test('a smaller part lies within a larger one, and keeps who is trained on', () => {
  const large = new Map(representative(400).mails.map((mail) => [mail.id, mail.part]))
  for (const mail of representative(100).mails) expect(large.get(mail.id)).toBe(mail.part)
})

test('about four mails in ten are for training, and the choice never changes', () => {
  const train = corpus().filter(({ part }) => part === 'train')
  expect(train).toHaveLength(2403)
  expect(train.slice(0, 2).map(({ id }) => id)).toMatchInlineSnapshot(`
    [
      "easy-ham-1:00002",
      "easy-ham-1:00006",
    ]
  `)
})

test('a selection is found by its name, and an unknown name is refused', () => {
  expect(selection('representative-60')).toEqual(representative(60))
  expect(selection('all').mails).toHaveLength(6046)
  expect(() => selection('most')).toThrow(/no selection is called "most"/)
})

test('a mail that the corpus does not have is refused', async () => {
  await expect(readMail('spam-1:99999')).rejects.toThrow(/has no mail/)
  await expect(readMail('../../package.json')).rejects.toThrow(/has no mail/)
})
