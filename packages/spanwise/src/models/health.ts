import type { CallFailure } from './failure.ts'

export interface BreakerOptions {
  /** failures in a row after which a candidate is left alone; 5 */
  readonly failures: number
  /** for how long at first, ms; doubled each time that its probe fails, two minutes at most */
  readonly cooldown: number
}

const longest = 120_000
/** a key or an account is not mended in a moment */
const authCooldown = 300_000

/**
 * How a candidate is doing. Failures in a row open its breaker: it is left alone for a while, then one call tries it (half open), and
 * the others follow when that was answered. A rate limit is no failure; it only says when to come back.
 */
export class Health {
  readonly #options: BreakerOptions
  #failures = 0
  #opened = 0
  #limited = 0
  #until = 0
  #probing = false

  constructor(options: BreakerOptions) {
    this.#options = options
  }

  /** when it may be asked, ms; now or earlier: it may */
  get from(): number {
    return this.#until
  }

  get state(): 'closed' | 'open' | 'half open' {
    if (this.#opened === 0) return 'closed'
    return this.#probing ? 'half open' : 'open'
  }

  /** Whether it may be asked now; the one who asks while it is open is its probe. */
  admit(now: number): boolean {
    if (now < this.#until || this.#probing) return false
    if (this.#opened > 0) this.#probing = true
    return true
  }

  answered(): void {
    this.#failures = 0
    this.#opened = 0
    this.#limited = 0
    this.#until = 0
    this.#probing = false
  }

  /** It was given up by us: that says nothing. */
  released(): void {
    this.#probing = false
  }

  failed(failure: CallFailure, retryAfter: number | undefined, now: number): void {
    const probe = this.#probing
    this.#probing = false
    switch (failure) {
      case 'rate limit':
        this.#limited++
        this.#until = Math.max(this.#until, now + (retryAfter ?? Math.min(1_000 * 2 ** (this.#limited - 1), 60_000)))
        return
      case 'auth':
        this.#until = now + authCooldown
        return
      case 'overload':
      case 'timeout':
      case 'unreachable':
      case 'bad response':
        this.#failures++
        if (retryAfter !== undefined) this.#until = Math.max(this.#until, now + retryAfter)
        if (!probe && this.#failures < this.#options.failures) return
        this.#until = Math.max(this.#until, now + Math.min(this.#options.cooldown * 2 ** this.#opened, longest))
        this.#opened++
        return
      // what was asked is to blame, not who was asked
      default:
        return
    }
  }
}

/** The latest latencies of a candidate, for the moment when a second one is asked too. */
export class Latencies {
  readonly #kept: number[] = []
  #next = 0

  add(ms: number): void {
    if (this.#kept.length < 128) this.#kept.push(ms)
    else {
      this.#kept[this.#next] = ms
      this.#next = (this.#next + 1) % 128
    }
  }

  /** undefined while too little is known */
  quantile(q: number): number | undefined {
    if (this.#kept.length < 20) return undefined
    const sorted = this.#kept.toSorted((a, b) => a - b)
    return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number)
  }
}
