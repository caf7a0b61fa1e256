import { CandidateError } from './failure.ts'

/**
 * Who is heard of the candidates that are asked for one stream: the first that says something. Where what it says is handed on to code,
 * nobody else is heard any more; where it is only shown to followers, another one may take over when it breaks off.
 */
export class Speaker<Part> {
  #speaking: object | undefined
  readonly #hear: (part: Part, first: boolean) => void
  readonly #isFinal: () => boolean

  constructor(hear: (part: Part, first: boolean) => void, isFinal: () => boolean) {
    this.#hear = hear
    this.#isFinal = isFinal
  }

  /** @param ask asks one candidate, and hands on its parts as they come */
  async listen<T>(ask: (show: (part: Part) => void) => Promise<T>): Promise<T> {
    const me = {}
    try {
      return await ask((part) => {
        const first = this.#speaking === undefined
        this.#speaking ??= me
        if (this.#speaking === me) this.#hear(part, first)
        else if (this.#isFinal()) throw new CandidateError('not wanted', 'Another candidate was faster.')
      })
    } catch (error) {
      if (this.#speaking === me && !this.#isFinal()) this.#speaking = undefined
      throw error
    }
  }
}
