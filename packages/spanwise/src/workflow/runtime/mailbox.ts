import type { Letter } from './started.ts'

/** Early signals of a run, first in, first out by name; one wait takes one. */
export class Mailbox {
  readonly #letters: Placed[]

  /** @param taken places of letters that are not there any more, see `placeOf` */
  constructor(letters: readonly Letter[], taken: ReadonlySet<number>) {
    this.#letters = letters
      .map(({ name, payload }, i) => ({ name, payload, place: placeOf(i) }))
      .filter(({ place }) => !taken.has(place))
  }

  put(letter: Placed): void {
    this.#letters.push(letter)
  }

  take(name: string): Placed | undefined {
    const at = this.#letters.findIndex((letter) => letter.name === name)
    return at < 0 ? undefined : this.#letters.splice(at, 1)[0]
  }

  /** Takes the one of this place, if it is of this name. */
  takeAt(place: number, name: string): Placed | undefined {
    const at = this.#letters.findIndex((letter) => letter.place === place && letter.name === name)
    return at < 0 ? undefined : this.#letters.splice(at, 1)[0]
  }

  get places(): readonly number[] {
    return this.#letters.map(({ place }) => place)
  }

  get letters(): readonly Letter[] {
    return this.#letters.map(({ name, payload }) => ({ name, payload }))
  }
}

/** A letter, and the index of the entry that brought it. */
export interface Placed extends Letter {
  readonly place: number
}

/** Letters that a generation begins with come before all of its entries. */
function placeOf(position: number): number {
  return -1 - position
}
