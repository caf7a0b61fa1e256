import type { Found } from './found.ts'

const begin = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
const end = /-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g

/** From its first line to its last; one that is cut off, to where the text ends. */
export function* privateKeys(text: string): Iterable<Found> {
  begin.lastIndex = 0
  for (let first = begin.exec(text); first !== null; first = begin.exec(text)) {
    end.lastIndex = first.index
    const last = end.exec(text)
    const stop = last === null ? text.length : end.lastIndex
    yield { start: first.index, end: stop, kind: 'private-key' }
    begin.lastIndex = stop
    if (last === null) return
  }
}
