import type { ModelHome } from '../workflow/index.ts'
import type { Alias } from './alias.ts'
import type { GatewayEvent } from './events.ts'
import type { Member } from './member.ts'

/** Notices when another model answers under a name that has not changed: also since another process, or the one before this, was told. */
export class Identities {
  readonly #home: ModelHome
  readonly #event: (event: GatewayEvent) => void
  readonly #known = new Map<Member, string>()

  constructor(home: ModelHome, event: (event: GatewayEvent) => void) {
    this.#home = home
    this.#event = event
  }

  /** The store is asked for the first answer and for each that differs; the call does not wait for it. */
  answered(alias: Alias, member: Member, answered: string | undefined): void {
    if (answered === undefined) return
    member.answered = answered
    const known = this.#known.get(member)
    if (known === answered) return
    this.#known.set(member, answered)
    const { store, clock, log } = this.#home
    const { provider, model, key = '' } = member
    const tell = (before: string | undefined): void => {
      if (before !== undefined)
        this.#event({ type: 'model changed', alias: alias.name, provider, model, before, after: answered })
    }
    if (store === undefined) return tell(known)
    store.identify({ alias: alias.name, provider, model, key, answered, at: clock.now() }).then(
      ({ before }) => tell(before),
      (error: unknown) => {
        // the next answer says it again
        if (this.#known.get(member) === answered) this.#known.delete(member)
        log.warn('which model answers could not be remembered', { alias: alias.name, model, error })
      },
    )
  }
}
