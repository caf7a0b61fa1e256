const marker = Symbol.for('spanwise.error')

export interface Problem {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly hint?: string | undefined
  readonly run?: string | undefined
  readonly step?: string | undefined
}

/** What the server refused, with its stable code. `isSpanwiseError` knows it. */
export class ApiError extends Error {
  readonly [marker] = true
  readonly status: number
  readonly code: string
  /** what to do about it */
  readonly hint: string
  declare readonly run?: string
  declare readonly step?: string

  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.hint = problem.hint ?? ''
    if (problem.run !== undefined) this.run = problem.run
    if (problem.step !== undefined) this.step = problem.step
  }
}

/** A proxy in between may answer anything. */
export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text()
  try {
    const problem = JSON.parse(text) as Problem
    if (typeof problem.code === 'string' && typeof problem.detail === 'string') return new ApiError(problem)
  } catch {
    // not ours
  }
  const detail = `The server answered ${response.status} ${response.statusText}`.trimEnd()
  return new ApiError({ status: response.status, code: 'NOT_A_SPANWISE_SERVER', detail: `${detail}.` })
}
