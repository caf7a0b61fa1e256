import type {
  Decision,
  Duration,
  Inlined,
  Outcome,
  SchemaInput,
  SchemaOutput,
  Signal,
  StandardSchemaV1,
  Startable,
  Step,
  StepContext,
  StepSettings,
} from '../workflow/index.ts'
import type { Goto } from './goto.ts'

type Promised<T> = T | Promise<T>

/** How the keys of a state are put together. */
export type Reducers<S> = {
  readonly [K in keyof S]?:
    | 'replace'
    | (NonNullable<S[K]> extends readonly unknown[] ? 'append' : never)
    | (NonNullable<S[K]> extends readonly unknown[] ? never : NonNullable<S[K]> extends object ? 'merge' : never)
    | ((value: S[K], update: never) => S[K])
}

type ItemOf<T> = T extends readonly (infer Item)[] ? Item : never

type UpdateOf<V, R> = R extends 'append'
  ? NonNullable<V> | ItemOf<NonNullable<V>>
  : R extends 'merge'
    ? Partial<NonNullable<V>>
    : R extends (value: never, update: infer D) => unknown
      ? D
      : V

/** What a node may return: the keys that it changes, each as its reducer takes it. */
export type Update<S, R> = { readonly [K in keyof S]?: UpdateOf<S[K], K extends keyof R ? R[K] : 'replace'> }

/** A name that no other node has. */
type Fresh<Name extends string, N extends string> = Name extends N | 'start' | 'end' ? never : Name

interface Undo<S, Out> {
  /** registered when the node is through; run in reverse order when the run ends on purpose or is cancelled */
  readonly compensate?: { readonly step: Step<never, unknown>; readonly input: (result: Out, state: S) => unknown }
}

interface Budgeted {
  /**
   * What model calls in it may use in one visit, all attempts and items together: `'$0.20'`, `'50k tokens'`, or a share of the budget
   * around it. The call that may go over it fails with BUDGET_EXCEEDED. Not for workflows, which are runs of their own, nor in a pool
   */
  readonly budget?: string | readonly string[]
}

/** For a function or a step, the options of a step; for a graph, an agent or a workflow `attempts`, `backoff`, `retryOn` and `timeout`. */
export interface NodeOptions<S, Out> extends StepSettings, Undo<S, Out>, Budgeted {}

/** `input` may be left out where the whole state is what is asked for. */
type MapIn<S, In> = S extends In ? { readonly input?: (state: S) => In } : { readonly input: (state: S) => In }
/** `output` may be left out where the result is an update already. */
type MapOut<S, U, Out> = Out extends U | undefined | void
  ? { readonly output?: (result: Out, state: S) => U | undefined | void }
  : { readonly output: (result: Out, state: S) => U | undefined | void }

type Work<In, Out> = ((input: In, context: StepContext) => Promised<Out>) | Startable<In, Out>

/** How many of the items have to come to something. */
export type Join<Out> = 'all' | 'any' | number | { readonly first: (result: Out) => boolean }

export interface ManyOptions<S, U, Item, Out> extends NodeOptions<S, Out> {
  /** the items, from the state */
  readonly over: (state: S) => readonly Item[]
  /** what an item is recognised by; its place when absent */
  readonly key?: (item: Item, index: number) => string
  /**
   * `'all'` (default): each has to succeed. `'any'`: one. A number: so many. `{ first }`: one whose result is good. When it is met,
   * what is still under way is dropped.
   */
  readonly join?: Join<Out>
  /** items under way at once; 16 */
  readonly atOnce?: number
  /** `'collect'`: failures are outcomes too, and all items are waited for unless the join is met */
  readonly onError?: 'stop' | 'collect'
  /** what has an outcome, in the order of the items */
  readonly output: (outcomes: readonly Outcome<Item, Out>[], state: S) => U | undefined | void
}

interface Bounded<To> {
  /** how often it may be taken in a run */
  readonly max?: number
  /** where it leads beyond that; without it the run needs attention */
  readonly beyond?: To
}

/**
 * A graph as far as it is built. Every method gives another one; the compiler knows the names of its nodes and the type of its state.
 * What the compiler cannot know (nodes that cannot be reached, cycles with no way out, joins that are never met) is refused when it is
 * registered with an app, started or called; `check()` does it at once.
 */
export interface Graph<I, O, S, U, N extends string = never> extends Inlined<I, O> {
  readonly kind: 'graph'

  /** A function, recorded as a step; or a step, a graph or an agent that takes the state and gives an update. */
  node<const Name extends string>(
    name: Fresh<Name, N>,
    work: (state: S, context: StepContext) => Promised<U | Goto<string, U | undefined> | undefined | void>,
    options?: NodeOptions<S, U>,
  ): Graph<I, O, S, U, N | Name>
  /** A workflow (a run of its own) that takes the state and gives an update. */
  node<const Name extends string>(
    name: Fresh<Name, N>,
    work: Startable<S, U | undefined | void>,
    options?: NodeOptions<S, U>,
  ): Graph<I, O, S, U, N | Name>
  /** A step, a graph, an agent or a workflow with an input and a result of its own. */
  node<const Name extends string, In, Out>(
    name: Fresh<Name, N>,
    work: Work<In, Out>,
    options: NodeOptions<S, Out> & MapIn<S, NoInfer<In>> & MapOut<S, U, NoInfer<Out>>,
  ): Graph<I, O, S, U, N | Name>

  /** The same for each of some items, at once, until enough have come to something. */
  each<const Name extends string, Item, In, Out>(
    name: Fresh<Name, N>,
    work: Work<In, Out>,
    options: ManyOptions<S, U, Item, NoInfer<Out>> & {
      /** what each call is given */
      readonly each: (item: Item, state: S) => NoInfer<In>
    },
  ): Graph<I, O, S, U, N | Name>
  each<const Name extends string, In, Out>(
    name: Fresh<Name, N>,
    work: Work<In, Out>,
    options: ManyOptions<S, U, NoInfer<In>, NoInfer<Out>> & { readonly each?: undefined },
  ): Graph<I, O, S, U, N | Name>

  /** Code of the run itself, in a scope of its own: it may call steps, wait, ask people and start children. Not recorded as a whole. */
  body<const Name extends string>(
    name: Fresh<Name, N>,
    body: (state: S) => Promised<U | Goto<string, U | undefined> | undefined | void>,
    options?: Budgeted,
  ): Graph<I, O, S, U, N | Name>

  /** Asks a person and waits, however long it takes. Its output sees what was decided: silence is `expired`, never consent. */
  approval<const Name extends string, F extends StandardSchemaV1 | undefined = undefined>(
    name: Fresh<Name, N>,
    options: {
      readonly question: string | ((state: S) => string)
      readonly role?: string
      readonly timeout?: Duration
      /** what is decided on */
      readonly of?: (state: S) => unknown
      readonly form?: F
      readonly output: (
        decision: Decision<F extends StandardSchemaV1 ? SchemaOutput<F> : undefined>,
        state: S,
      ) => U | Goto<string, U | undefined> | undefined | void
    },
  ): Graph<I, O, S, U, N | Name>

  /** Waits for a signal. */
  wait<const Name extends string, Sent, T>(
    name: Fresh<Name, N>,
    signal: Signal<Sent, T>,
    options?: {
      readonly timeout?: Duration
      readonly output?: (value: T, state: S) => U | Goto<string, U | undefined> | undefined | void
    },
  ): Graph<I, O, S, U, N | Name>

  /** What comes next. From several nodes: when all of them are through, or as many as `join` says. */
  edge(
    from: 'start' | N | readonly N[],
    to: N | 'end',
    options?: Bounded<N | 'end'> & { readonly join?: 'all' | 'any' | number },
  ): Graph<I, O, S, U, N>

  /** What comes next is chosen by a pure function of the state: a key of `targets`; several with `many`. */
  route<const K extends string>(
    from: 'start' | N,
    choose: (state: S) => K,
    targets: { readonly [P in NoInfer<K>]: N | 'end' },
    options?: Bounded<N | 'end'> & { readonly many?: false },
  ): Graph<I, O, S, U, N>
  route<const K extends string>(
    from: 'start' | N,
    choose: (state: S) => K,
    targets: { readonly [P in NoInfer<K>]?: N | 'end' },
    options: Bounded<N | 'end'> & { readonly otherwise: N | 'end'; readonly many?: false },
  ): Graph<I, O, S, U, N>
  route<const K extends string>(
    from: 'start' | N,
    choose: (state: S) => readonly K[],
    targets: { readonly [P in NoInfer<K>]: N | 'end' },
    options: Bounded<N | 'end'> & { readonly many: true },
  ): Graph<I, O, S, U, N>

  /** Where a node's failure leads that its attempts did not heal. The first that fits; none: the run needs attention. */
  onError(
    from: N,
    to: N | 'end',
    options?: Bounded<N | 'end'> & {
      readonly when?: (error: Error, state: S) => boolean
      readonly update?: (error: Error, state: S) => U | undefined | void
    },
  ): Graph<I, O, S, U, N>

  /** Where the code of a node may go by itself, by returning `goto(…)`. */
  goto(from: N, targets: readonly (N | 'end')[]): Graph<I, O, S, U, N>

  /** Checks the wiring now. @throws GRAPH_INVALID */
  check(): Graph<I, O, S, U, N>
}

interface Common<R> {
  /** how keys are put together; `'replace'` where nothing is said */
  readonly reducers?: R
  /** supersteps that it may take; 100 */
  readonly maxSteps?: number
  /** the run ends as `failed` when it is not done by then */
  readonly deadline?: Duration
}

/** The first state is the input, where that fits. */
type Initial<In, SI> = [In] extends [SI]
  ? { readonly initial?: (input: In) => SI | Promise<SI> }
  : { readonly initial: (input: In) => SI | Promise<SI> }

/** The result is the last state, where that fits. */
type Finish<S, OI> = [S] extends [OI]
  ? { readonly finish?: (state: S) => OI | Promise<OI> }
  : { readonly finish: (state: S) => OI | Promise<OI> }

export interface GraphFactory {
  // 1 input and output
  <
    SI extends StandardSchemaV1,
    SS extends StandardSchemaV1<object, object>,
    SO extends StandardSchemaV1,
    const R extends Reducers<SchemaOutput<SS>> = Record<never, never>,
  >(
    name: string,
    options: { readonly input: SI; readonly state: SS; readonly output: SO } & Common<R> &
      Initial<SchemaOutput<SI>, SchemaInput<SS>> &
      Finish<SchemaOutput<SS>, SchemaInput<SO>>,
  ): Graph<SchemaInput<SI>, SchemaOutput<SO>, Readonly<SchemaOutput<SS>>, Update<SchemaOutput<SS>, R>>
  // 2 input
  <
    SI extends StandardSchemaV1,
    SS extends StandardSchemaV1<object, object>,
    const R extends Reducers<SchemaOutput<SS>> = Record<never, never>,
    Out = SchemaOutput<SS>,
  >(
    name: string,
    options: { readonly input: SI; readonly state: SS; readonly output?: undefined } & Common<R> &
      Initial<SchemaOutput<SI>, SchemaInput<SS>> & {
        readonly finish?: (state: Readonly<SchemaOutput<SS>>) => Out | Promise<Out>
      },
  ): Graph<SchemaInput<SI>, Out, Readonly<SchemaOutput<SS>>, Update<SchemaOutput<SS>, R>>
  // 3 output
  <
    SS extends StandardSchemaV1<object, object>,
    SO extends StandardSchemaV1,
    const R extends Reducers<SchemaOutput<SS>> = Record<never, never>,
  >(
    name: string,
    options: { readonly input?: undefined; readonly state: SS; readonly output: SO } & Common<R> &
      Initial<SchemaInput<SS>, SchemaInput<SS>> &
      Finish<SchemaOutput<SS>, SchemaInput<SO>>,
  ): Graph<SchemaInput<SS>, SchemaOutput<SO>, Readonly<SchemaOutput<SS>>, Update<SchemaOutput<SS>, R>>
  // 4 neither: the input is the first state
  <
    SS extends StandardSchemaV1<object, object>,
    const R extends Reducers<SchemaOutput<SS>> = Record<never, never>,
    Out = SchemaOutput<SS>,
  >(
    name: string,
    options: { readonly input?: undefined; readonly state: SS; readonly output?: undefined } & Common<R> &
      Initial<SchemaInput<SS>, SchemaInput<SS>> & {
        readonly finish?: (state: Readonly<SchemaOutput<SS>>) => Out | Promise<Out>
      },
  ): Graph<SchemaInput<SS>, Out, Readonly<SchemaOutput<SS>>, Update<SchemaOutput<SS>, R>>
}
