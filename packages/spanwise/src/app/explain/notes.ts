import type { RunEvent } from '../event.ts'
import type { Sentence, Teller } from './tell.ts'
import { operationName, value } from './words.ts'

/**
 * Notes, by a name in their meta. A construct that takes one of several ways says so in a note with `chose`, and what made it with
 * `because`; both stand in the code, not in data: meta holds nothing personal.
 */
const notes: Readonly<Record<string, (event: RunEvent) => string | undefined>> = {
  chose: ({ key, meta }) => {
    const because = meta['because']
    const reason = typeof because === 'string' ? `, because ${because}` : ''
    return `${operationName(key)} went on with ${String(meta['chose'])}${reason}.`
  },
  changed: ({ key }) => {
    const [, what] = /changed\((.*)\)/.exec(key) ?? []
    return `It took the new way of the code: ${what ?? key}.`
  },
  late: ({ key, meta }) =>
    `${operationName(key)} still came to ${meta['late'] === 'step.error' ? 'an error' : 'a result'} when nobody wanted it any more.`,
  drift: ({ key }) =>
    `The code now asks ${operationName(key.replace(/:drift$/, ''))} something else than is on record; the recorded result was kept.`,
  refused: ({ meta, payload }) => {
    const { error } = (payload ?? {}) as { readonly error?: unknown }
    return `A ${String(meta['refused'])} was refused: ${value(error)}.`
  },
}

export const tellNote: Teller = (event): Sentence | undefined => {
  const name = Object.keys(notes).find((one) => event.meta[one] !== undefined)
  const text = name === undefined ? undefined : notes[name]?.(event)
  return text === undefined ? undefined : { text, entries: [event.index] }
}
