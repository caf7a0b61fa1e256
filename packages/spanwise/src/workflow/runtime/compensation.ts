/** What undoes something that was done; run in reverse order when the run ends on purpose or is cancelled. */
export interface Compensation {
  readonly step: { (input: unknown): Promise<unknown>; readonly stepName: string }
  readonly input: unknown
  /** key prefix of the scope that registered it: a snapshot of that scope takes it along */
  readonly prefix: string
  /** index of the delivery in whose window it was registered */
  readonly at: number
}

/** Each one is an operation of the run, retried like any step; one that fails for good parks the run. */
export async function runCompensations(compensations: readonly Compensation[]): Promise<void> {
  for (const { step, input } of compensations.toReversed()) await step(input)
}
