import { expect, test } from 'vitest'
import type { ModelHome } from '../workflow/index.ts'
import type { Alias } from './alias.ts'
import { Identities } from './identities.ts'
import type { Member } from './member.ts'

const alias = { name: 'fast' } as Alias
const member = { provider: 'openai', model: 'gpt-5-mini' } as Member
const home = { clock: { now: () => 0 }, log: { warn: () => {} } } as unknown as ModelHome

test('another system of a provider is told once, and not that several answer by turns', async () => {
  const told: unknown[] = []
  const identities = new Identities(home, (event) => told.push(event))
  const say = (answered: string, fingerprint: string | undefined) =>
    identities.answered(alias, member, { answered, fingerprint, run: 'r' })
  expect(await say('gpt-5-mini', 'fp_1')).toBeUndefined()
  expect(await say('gpt-5-mini', undefined)).toBeUndefined()
  expect(await say('gpt-5-mini', 'fp_1')).toBeUndefined()
  expect(await say('gpt-5-mini', 'fp_2')).toBe('gpt-5-mini (fp_1)')
  for (const each of ['fp_1', 'fp_2', 'fp_1']) expect(await say('gpt-5-mini', each)).toBeUndefined()
  // another model has systems of its own: that is one change, not two
  expect(await say('gpt-5-mini-2027', 'fp_9')).toBe('gpt-5-mini')
  expect(told).toEqual([
    expect.objectContaining({ before: 'gpt-5-mini (fp_1)', after: 'gpt-5-mini (fp_2)', run: 'r' }),
    expect.objectContaining({ before: 'gpt-5-mini', after: 'gpt-5-mini-2027' }),
  ])
})

test('what is known already is answered at once', async () => {
  const identities = new Identities(home, () => {})
  const who = { answered: 'gpt-5-mini', fingerprint: 'fp_1', run: undefined }
  await identities.answered(alias, member, who)
  expect(identities.answered(alias, member, who)).toBeUndefined()
})
