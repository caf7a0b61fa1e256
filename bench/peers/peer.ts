/**
 * What each product is asked to do; every folder beside this file answers with its own public packages. Steps do nothing, so that
 * what is measured is what makes them durable.
 */
export interface Peer {
  /** W1: a workflow of ten trivial steps, one after the other */
  ten(): Promise<unknown>
  /** W2: a workflow of a hundred trivial steps at once */
  hundred(): Promise<unknown>
  /** W4: a graph of ten nodes, one after the other, whose state is 2 KB; for those that have graphs */
  graph?(): Promise<unknown>
  /** W3: starts or picks up ten steps that take 20 ms each and call `sideEffect`; resolves at their end. */
  slow(id: string): Promise<unknown>
  close(): Promise<void>
}

export interface Setting {
  /** for files, on the disk that is measured */
  readonly dir: string
  /** free ports on loopback, for those that listen */
  readonly ports: readonly number[]
  /** a database server, for those that need one */
  readonly postgres: string | undefined
  /** what a step of W3 does */
  readonly sideEffect: (line: string) => void
  /** after a crash: nothing is to be emptied or started anew */
  readonly isRecovery: boolean
}

export interface PeerModule {
  /** what it is called in a table */
  readonly title: string
  /** what "a step has succeeded" means to it */
  readonly durability: string
  readonly needs?: 'postgres'
  open(setting: Setting): Promise<Peer>
}

export const peerNames = ['spanwise', 'restate', 'dbos', 'openworkflow', 'langgraph', 'langgraph-memory'] as const
