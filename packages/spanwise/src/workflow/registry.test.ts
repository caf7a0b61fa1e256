import { describe, expect, it } from 'vitest'
import { findSignal, findStep, knowsStep, registerStep } from './registry.ts'
import { signal } from './signal.ts'
import { step } from './step.ts'

const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const

describe('steps by name', () => {
  it('are found once they are defined', () => {
    expect(knowsStep('registry-a')).toBe(false)
    expect(findStep('registry-a')).toBeUndefined()
    const made = step('registry-a', () => 1)
    expect(knowsStep('registry-a')).toBe(true)
    expect(findStep('registry-a')).toBe(made)
  })

  it('are replaced by a definition at the same place: a reload, a test that makes them anew', () => {
    const make = () => step('registry-b', () => 1)
    const [, second] = [make(), make()]
    expect(findStep('registry-b')).toBe(second)
  })

  it('are refused when two places define them, and both are named', () => {
    step('registry-c', () => 1)
    step('registry-c', () => 2)
    expect(() => findStep('registry-c')).toThrow(
      expect.objectContaining({
        code: 'STEP_REDEFINED',
        message: expect.stringMatching(/registry\.test\.ts:\d+:\d+ and at .*registry\.test\.ts:\d+:\d+/),
      }),
    )
  })

  it('are refused by whoever looks them up only: defining them is no error', () => {
    registerStep('registry-d', 1, 'a.ts:1:1')
    registerStep('registry-d', 2, 'b.ts:1:1')
    expect(knowsStep('registry-d')).toBe(true)
  })

  it('are replaced where no place is known', () => {
    registerStep('registry-e', 1, '')
    registerStep('registry-e', 2, 'b.ts:1:1')
    expect(findStep('registry-e')).toBe(2)
  })

  it('stay refused when one of two places defines them again', () => {
    registerStep('registry-f', 1, 'a.ts:1:1')
    registerStep('registry-f', 2, 'b.ts:1:1')
    registerStep('registry-f', 3, 'b.ts:1:1')
    expect(() => findStep('registry-f')).toThrow(expect.objectContaining({ code: 'STEP_REDEFINED' }))
  })

  it('know a module that was imported anew by a query as the same place', () => {
    registerStep('registry-g', 1, 'file:///app/a.ts:1:1')
    registerStep('registry-g', 2, 'file:///app/a.ts:1:1')
    expect(findStep('registry-g')).toBe(2)
  })

  it('have names that keys can be made of', () => {
    for (const name of ['', 'a#b', 'a/b', 'a[b', 'a:b', '@a', 'a~b', 5 as unknown as string])
      expect(() => step(name, () => 1)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }))
    expect(step('fetch order, geprüft', () => 1).stepName).toBe('fetch order, geprüft')
  })
})

describe('signals by name', () => {
  it('have the schema that any definition gave', () => {
    signal('registry-s')
    expect(findSignal('registry-s')).toEqual({ schema: undefined })
    signal('registry-s', schema)
    signal('registry-s')
    expect(findSignal('registry-s')?.schema).toBe(schema)
    expect(findSignal('registry-none')).toBeUndefined()
  })
})
