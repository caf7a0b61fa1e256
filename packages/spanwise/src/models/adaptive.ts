/**
 * How much of a configured limit is used. A provider that says "too many" halves it, each answer gives a little back: additive
 * increase, multiplicative decrease.
 */
export class Adaptive {
  #share = 1

  get share(): number {
    return this.#share
  }

  tooMany(): void {
    this.#share = Math.max(0.05, this.#share / 2)
  }

  answered(): void {
    if (this.#share < 1) this.#share = Math.min(1, this.#share + 0.01)
  }
}
