/** What is asked to start runs, and how: the `http.mjs` of each product answers with it. */
export interface Target {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** of the answer that says that the run is durable */
  readonly status: number
}

export interface TargetModule {
  open(setting: {
    readonly dir: string
    readonly ports: readonly number[]
    readonly postgres: string | undefined
    readonly keys: boolean
  }): Promise<Target & { readonly ended: () => number | undefined }>
}

/** what the process beside us is started with */
export interface TargetOrder {
  readonly file: string
  readonly dir: string
  readonly ports: readonly number[]
  readonly postgres: string | undefined
  readonly keys: boolean
}
