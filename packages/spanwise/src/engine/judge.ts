import { classify, type FailureClass, isRetried, type StepDefinition } from '../workflow/index.ts'

export interface Judged {
  readonly error: unknown
  readonly failure: FailureClass
  /** waiting may heal it */
  readonly again: boolean
}

/** What a failed attempt means. A `retryOn` that throws is a bug in the step, told together with what it was asked about. */
export function judge(definition: StepDefinition, error: unknown): Judged {
  const { retryOn } = definition.options
  const failure = classify(error)
  if (retryOn === undefined) return { error, failure, again: isRetried(failure) }
  try {
    return { error, failure, again: retryOn(error) }
  } catch (thrown) {
    const both = new AggregateError([error, thrown], `retryOn of step "${definition.name}" threw: ${String(thrown)}`)
    return { error: Object.assign(both, { failureClass: 'bug' }), failure: 'bug', again: false }
  }
}
