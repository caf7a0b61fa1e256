import type { Letter } from './started.ts'

/** Early signals of a run, first in, first out by name; one wait takes one. */
export class Mailbox {
  readonly #letters: Letter[]

  constructor(letters: readonly Letter[]) {
    this.#letters = [...letters]
  }

  put(name: string, payload: string | undefined): void {
    this.#letters.push({ name, payload })
  }

  take(name: string): Letter | undefined {
    const at = this.#letters.findIndex((letter) => letter.name === name)
    return at < 0 ? undefined : this.#letters.splice(at, 1)[0]
  }

  get letters(): readonly Letter[] {
    return this.#letters
  }
}
