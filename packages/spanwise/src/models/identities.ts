import type { ModelHome } from '../workflow/index.ts'
import type { Alias } from './alias.ts'
import type { GatewayEvent } from './events.ts'
import type { Member } from './member.ts'

/** Who answered, and the run that asked. */
export interface Answerer {
  readonly answered: string | undefined
  readonly fingerprint: string | undefined
  readonly run: string | undefined
}

/** more of a provider's systems than answer at a time */
const systemsKept = 64

/** Notices when another model answers under a name that has not changed: also since another process, or the one before this, was told. */
export class Identities {
  readonly #home: ModelHome
  readonly #event: (event: GatewayEvent) => void
  readonly #known = new Map<Member, string>()
  readonly #systems = new Map<Member, Set<string>>()

  constructor(home: ModelHome, event: (event: GatewayEvent) => void) {
    this.#home = home
    this.#event = event
  }

  /**
   * Who answered until now, where that was another: it belongs into the record of the call that noticed it. The store is asked for the
   * first answer and for each that differs, and only then is there something to wait for.
   */
  answered(alias: Alias, member: Member, who: Answerer): undefined | string | Promise<string | undefined> {
    const { answered, fingerprint } = who
    if (answered === undefined) return undefined
    member.answered = answered
    const known = this.#known.get(member)
    const system = this.#newSystem(member, fingerprint, known !== answered)
    if (known === answered)
      return system === undefined
        ? undefined
        : this.#tell(alias, member, named(answered, system), named(answered, fingerprint), who)
    this.#known.set(member, answered)
    return this.#remember(alias, member, known, answered, who)
  }

  async #remember(alias: Alias, member: Member, known: string | undefined, answered: string, who: Answerer) {
    const { store, clock, log } = this.#home
    if (store === undefined) return this.#tell(alias, member, known, answered, who)
    const { provider, model, key = '' } = member
    try {
      const { before } = await store.identify({ alias: alias.name, provider, model, key, answered, at: clock.now() })
      return this.#tell(alias, member, before, answered, who)
    } catch (error) {
      // the next answer says it again
      if (this.#known.get(member) === answered) this.#known.delete(member)
      log.warn('which model answers could not be remembered', { alias: alias.name, model, error })
      return undefined
    }
  }

  #tell(alias: Alias, { provider, model }: Member, before: string | undefined, after: string, { run }: Answerer) {
    if (before !== undefined)
      this.#event({ type: 'model changed', alias: alias.name, provider, model, before, after, run })
    return before
  }

  /** The system before, where this one was never seen. Several answer by turns: that is no change. */
  #newSystem(member: Member, fingerprint: string | undefined, isOther: boolean): string | undefined {
    if (fingerprint === undefined) return undefined
    const seen = this.#systems.get(member)
    if (seen === undefined || isOther) {
      this.#systems.set(member, new Set([fingerprint]))
      return undefined
    }
    if (seen.has(fingerprint)) return undefined
    const last = [...seen].at(-1)
    if (seen.size >= systemsKept) seen.clear()
    seen.add(fingerprint)
    return last
  }
}

function named(answered: string, fingerprint: string | undefined): string {
  return `${answered} (${fingerprint})`
}
