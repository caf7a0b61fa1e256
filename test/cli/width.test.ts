import { expect, it } from 'vitest'
import { project, shop } from './project.ts'

const commands: readonly (readonly string[])[] = [
  ['--help'],
  ['runs', '--help'],
  ['resume', '--help'],
  ['init', '--help'],
  ['runs'],
  ['runs', 'show', 'charge:a-long-id-of-a-user'],
  ['runs', 'show', 'charge:a-long-id-of-a-user', '--entries'],
  ['failures'],
  ['approvals'],
  ['schedules'],
  ['limits'],
  ['cache'],
  ['costs'],
  ['store', 'info'],
  ['doctor'],
]

it('what commands print fits 80 and 60 columns, and has no colours where nobody sees them', {
  timeout: 300_000,
}, async () => {
  const shopping = project(shop)
  await shopping.cli('run', 'charge', 'bad', '--id', 'a-long-id-of-a-user', '--tag', 'a-tag')
  await shopping.cli('run', 'patient', '--detach')
  const tooLong: string[] = []
  for (const columns of [80, 60]) {
    for (const command of commands) {
      const { out, err } = await shopping.begin(command, { env: { COLUMNS: String(columns) } }).ended
      expect(out + err).not.toContain('\u001b')
      // ids, paths and messages of errors, and a command to be copied, stay whole
      const whole = /\S{38}|^\s*error: |^\s*(\$ )?spanwise /
      for (const line of `${out}\n${err}`.split('\n')) {
        if (line.length > columns && !whole.test(line)) tooLong.push(`${columns} ${command.join(' ')}: ${line}`)
      }
    }
  }
  expect(tooLong).toEqual([])
})
