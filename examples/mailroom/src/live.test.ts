import { expect, test } from 'vitest'
import { liveLine, progressText } from './live.ts'

function screen(isTTY: boolean) {
  const written: string[] = []
  return { written, isTTY, write: (text: string) => written.push(text) }
}

test('on a terminal one line changes, and is gone at the end', () => {
  const terminal = screen(true)
  const line = liveLine(terminal, () => 0)
  line.show('one')
  line.show('one')
  line.show('two')
  line.end()
  expect(terminal.written).toEqual(['\r\u001b[2Kone', '\r\u001b[2Ktwo', '\r\u001b[2K'])
})

test('elsewhere a plain line is written at once, and then every two seconds', () => {
  const log = screen(false)
  let now = 0
  const line = liveLine(log, () => now)
  for (now of [0, 500, 1999, 2000, 2500]) line.show(`at ${now}`)
  line.end()
  expect(log.written).toEqual(['at 0\n', 'at 2000\n'])
})

test('progress is readable in every phase', () => {
  expect(progressText({ phase: 'read', done: 5, of: 10 }, 40)).toBe(
    'reading 5/10 mails [==========          ], 40.0 a second',
  )
  expect(progressText({ phase: 'train', done: 0, of: 624 })).toBe('training on 624 mails')
  expect(progressText({ phase: 'decide', done: 1, of: 2, asking: 1 })).toMatch(/1 wait for a person$/)
})
