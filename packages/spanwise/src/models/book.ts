import type { BudgetChange, Store } from '../journal/index.ts'
import type { ModelHome, Settled } from '../workflow/index.ts'
import { type Budget, windowOf } from './budget.ts'
import { counted, type Whose } from './budget-scope.ts'
import { accountOf } from './budget-state.ts'
import type { GatewayEvent } from './events.ts'
import type { Member } from './member.ts'

/** What a call may use at most: nano-dollars, undefined where a price is unknown, and tokens. */
export interface Bound {
  readonly money: bigint | undefined
  readonly tokens: bigint
}

/** What is kept back of one budget for one call. */
export interface Hold {
  readonly budget: Budget
  readonly account: Account
  readonly amount: bigint
  /** candidates whose use counts */
  readonly members: ReadonlySet<Member>
}

/** A budget in one of its windows, for one of those that it counts. */
interface Account {
  readonly id: string
  readonly window: number
  used: bigint
  loaded: Promise<void> | undefined
  warned: number
}

/** A hold that is not taken yet, and when the next window begins. */
interface Wanted {
  readonly hold: Hold
  readonly next: number
}

export type Held =
  | { readonly ok: true; readonly holds: readonly Hold[] }
  | {
      readonly ok: false
      readonly budget: Budget
      readonly used: bigint
      readonly asked: bigint
      readonly next: number
    }

/**
 * What is used of budgets, in memory, as the store will have it: changes go there with the entries that cause them. One process works on
 * a store, so its memory decides.
 */
export class Book {
  readonly #home: ModelHome
  readonly #event: (event: GatewayEvent) => void
  readonly #accounts = new Map<string, Account>()

  constructor(home: ModelHome, event: (event: GatewayEvent) => void) {
    this.#home = home
    this.#event = event
    home.watchBudgets?.((changes) => this.#changed(changes))
  }

  /** Somebody said what a lost call did cost: the store knows it already. */
  #changed(changes: readonly BudgetChange[]): void {
    for (const { budget, window, amount } of changes) {
      const key = `${budget}@${window}`
      const account = this.#accounts.get(key)
      // one that is being read may have been read before: it is read anew
      if (account?.loaded !== undefined) this.#accounts.delete(key)
      else if (account !== undefined) account.used += amount
    }
  }

  /**
   * Keeps back what a call may use at most, of every budget that counts it, or of none. At once where its accounts are in memory: what the
   * call announces then gets into the commit that is about to be made anyway.
   * @param passed budgets that do not stop this call: it is counted all the same
   */
  hold(
    budgets: readonly Budget[],
    whose: Whose,
    members: readonly Member[],
    bounds: ReadonlyMap<Member, Bound>,
    at: number,
    passed: ReadonlySet<Budget>,
  ): Held | Promise<Held> {
    const wanted: Wanted[] = []
    for (const budget of budgets) {
      const { from, next } = windowOf(budget.per, at)
      for (const { value, members: those } of counted(budget.scope, whose, members)) {
        const amounts = those.map((member) => bounds.get(member)?.[budget.unit])
        const known = amounts.filter((amount) => amount !== undefined)
        // what has no known price is counted by none that counts money
        if (known.length === 0) continue
        const amount = known.reduce((a, b) => (a > b ? a : b), 0n)
        wanted.push({
          hold: { budget, account: this.#account(budget, value, from), amount, members: new Set(those) },
          next,
        })
      }
    }
    const loading = wanted.map(({ hold }) => hold.account.loaded).filter((one) => one !== undefined)
    return loading.length === 0
      ? this.#hold(wanted, passed)
      : Promise.all(loading).then(() => this.#hold(wanted, passed))
  }

  #hold(wanted: readonly Wanted[], passed: ReadonlySet<Budget>): Held {
    for (const { hold, next } of wanted) {
      const { budget, account, amount } = hold
      if (passed.has(budget) || account.used + amount <= budget.limit) continue
      this.#event({ type: 'budget', budget: budget.name, state: 'exceeded', share: share(account.used, budget.limit) })
      return { ok: false, budget, used: account.used, asked: amount, next }
    }
    // two rules may count by the same account: `tenant` and `tenant:acme`
    const holds = [...new Map(wanted.map(({ hold }) => [hold.account, hold])).values()]
    for (const hold of holds) this.#add(hold, hold.amount)
    return { ok: true, holds }
  }

  /** For the entry that says that a call is about to be sent. */
  taken(holds: readonly Hold[]): readonly BudgetChange[] {
    return holds.map(({ account, amount }) => ({ budget: account.id, window: account.window, amount }))
  }

  /** The same as text: by it what a lost call was kept back is given back, when it is known what it did cost. */
  held(holds: readonly Hold[]): string | undefined {
    if (holds.length === 0) return undefined
    return JSON.stringify(
      holds.map(({ account, amount, budget }) => [account.id, account.window, String(amount), budget.unit]),
    )
  }

  /**
   * Puts what was used in the place of what was kept back.
   * @param used by the candidates that cost something
   */
  settle(holds: readonly Hold[], used: ReadonlyMap<Member, Bound>): Settled {
    const less: (() => void)[] = []
    const budgets = holds.map((hold) => {
      const { budget, account, amount, members } = hold
      let actual = 0n
      for (const [member, bound] of used) if (members.has(member)) actual += bound[budget.unit] ?? 0n
      if (actual > amount) this.#add(hold, actual - amount)
      else less.push(() => this.#add(hold, actual - amount))
      if (actual > amount && account.used > budget.limit)
        this.#event({ type: 'budget', budget: budget.name, state: 'overrun', share: share(account.used, budget.limit) })
      return { budget: account.id, window: account.window, amount: actual - amount }
    })
    return {
      budgets,
      release: () => {
        for (const give of less.splice(0)) give()
      },
    }
  }

  #account(budget: Budget, value: string, window: number): Account {
    const id = accountOf(budget, value, this.#home.store)
    const key = `${id}@${window}`
    const known = this.#accounts.get(key)
    if (known !== undefined) return known
    const account: Account = { id, window, used: 0n, loaded: undefined, warned: 0 }
    this.#accounts.set(key, account)
    // windows that are over are not asked for again
    if (this.#accounts.size > 10_000)
      for (const old of [...this.#accounts.keys()].slice(0, 5_000)) this.#accounts.delete(old)
    const store = this.#home.store
    if (store !== undefined) account.loaded = this.#load(store, account, key)
    return account
  }

  async #load(store: Store, account: Account, key: string): Promise<void> {
    try {
      const [used = 0n] = await store.used([{ budget: account.id, window: account.window }])
      account.used += used
      account.loaded = undefined
    } catch (error) {
      this.#accounts.delete(key)
      throw error
    }
  }

  #add({ budget, account }: Hold, amount: bigint): void {
    account.used += amount
    const now = share(account.used, budget.limit)
    for (const at of budget.warnAt) {
      if (now < at || account.warned >= at) continue
      account.warned = at
      this.#event({ type: 'budget', budget: budget.name, state: 'threshold', share: now })
    }
  }
}

function share(used: bigint, limit: bigint): number {
  return limit === 0n ? 1 : Number((used * 10_000n) / limit) / 10_000
}
