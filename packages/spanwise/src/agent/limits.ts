import {
  type Amount,
  approval,
  type Duration,
  formatDuration,
  milliseconds,
  occurrence,
  readSpending,
  type Scope,
  type SpendingLimit,
  spendingLimit,
} from '../workflow/index.ts'
import type { AgentDefinition } from './definition.ts'
import { invalidAgent, type Limit, limitReached } from './errors.ts'
import type { State } from './state.ts'

export const defaultTurns = 20
/** of its budgets, what is kept for the last answer: percent */
const keptBack = 10n

interface Spending extends Amount {
  readonly said: string
}

/** What one agent may use, from its beginning to its end. */
export class Limits {
  readonly #agent: AgentDefinition
  readonly #run: string
  readonly #key: string
  readonly #spending: readonly Spending[]
  readonly #timeout: number | undefined

  constructor(agent: AgentDefinition, scope: Scope) {
    this.#agent = agent
    this.#run = scope.execution.run.id
    // the same for the same scope of the same run, also after a crash, and never another's
    this.#key = `${this.#run} ${scope.prefix}${occurrence(scope, `budget(${agent.name})`)}`
    const { budget, timeout } = agent.options
    this.#spending = (budget === undefined ? [] : [budget].flat()).map((said) => ({ said, ...this.#read(said) }))
    this.#timeout = timeout === undefined ? undefined : milliseconds(timeout, `timeout of agent "${agent.name}"`)
  }

  #read(said: string): Amount {
    const read = readSpending(`agent ${this.#agent.name}`, said)
    if (read !== undefined) return read
    throw invalidAgent(
      this.#agent.name,
      `it may use ${said} of the budget around it, and there is none around it`,
      'Give whoever calls it a budget, or name an amount: "$0.50".',
    )
  }

  /** For the model calls of one turn. The last turn may use what the others leave over. */
  budgets({ granted, closing }: State): readonly SpendingLimit[] {
    const isOpen = this.#agent.options.onLimit === 'finish' && closing === undefined
    return this.#spending.map(({ said, unit, limit }) => {
      const whole = limit * BigInt(1 + (granted[unit] ?? 0))
      return spendingLimit(this.#nameOf(said), this.#key, {
        unit,
        limit: isOpen ? (whole * (100n - keptBack)) / 100n : whole,
      })
    })
  }

  #nameOf(said: string): string {
    return `agent ${this.#agent.name} ${said} ${this.#key}`
  }

  /** The limit that this error says is used up, where it is one of the agent's own. */
  exceeded(error: unknown): { readonly limit: Limit; readonly allowed: string } | undefined {
    const { code, budget } = (error ?? {}) as { code?: unknown; budget?: unknown }
    if (code !== 'BUDGET_EXCEEDED') return undefined
    const found = this.#spending.find(({ said }) => this.#nameOf(said) === budget)
    return found === undefined ? undefined : { limit: found.unit, allowed: `budget of ${found.said}` }
  }

  /** The limit that is reached before another turn. */
  reached(state: State, now: number): { readonly limit: Limit; readonly allowed: string } | undefined {
    const { maxToolCalls } = this.#agent.options
    const turns = this.#turns * times(state, 'turns')
    if (state.turns >= turns) return { limit: 'turns', allowed: `${turns} turns` }
    if (maxToolCalls !== undefined && state.calls >= maxToolCalls * times(state, 'tool calls'))
      return { limit: 'tool calls', allowed: `${maxToolCalls * times(state, 'tool calls')} tool calls` }
    const until = this.until(state)
    if (until !== undefined && now >= until) return { limit: 'time', allowed: formatDuration(until - state.since) }
    return undefined
  }

  get #turns(): number {
    return this.#agent.options.maxTurns ?? defaultTurns
  }

  /** How many more tools it may call. */
  callsLeft(state: State): number {
    const { maxToolCalls } = this.#agent.options
    return maxToolCalls === undefined
      ? Number.POSITIVE_INFINITY
      : maxToolCalls * times(state, 'tool calls') - state.calls
  }

  /** When its time is over, ms. */
  until(state: State): number | undefined {
    return this.#timeout === undefined ? undefined : state.since + this.#timeout * times(state, 'time')
  }

  /**
   * What becomes of an agent at one of its limits.
   * @throws AGENT_LIMIT
   */
  async decide(state: State, { limit, allowed }: { readonly limit: Limit; readonly allowed: string }): Promise<State> {
    const { name, options } = this.#agent
    const { onLimit = 'fail' } = options
    const error = () => limitReached(name, limit, allowed, this.#run)
    if (onLimit === 'fail' || state.closing !== undefined) throw error()
    if (onLimit === 'finish') return { ...state, closing: limit }
    const answer = await approval.ask(
      `Agent ${name} has used its ${allowed}. Let it have as much again?`,
      asking(onLimit.ask),
    )
    if (answer.status !== 'approved') throw error()
    return { ...state, granted: { ...state.granted, [limit]: (state.granted[limit] ?? 0) + 1 } }
  }
}

function asking({ role, timeout }: { readonly role?: string; readonly timeout?: Duration }) {
  return { ...(role === undefined ? {} : { role }), ...(timeout === undefined ? {} : { timeout }) }
}

function times({ granted }: State, limit: Limit): number {
  return 1 + (granted[limit] ?? 0)
}
