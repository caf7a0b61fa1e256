import { SpanwiseError } from '../../journal/index.ts'

/** The step's thread is gone and the step did not say how it went. */
export function threadLost(step: string, exitCode: number, cause: unknown): SpanwiseError {
  const code = 'THREAD_LOST'
  if (cause === undefined) {
    return new SpanwiseError({
      code,
      message: `The pool thread of step "${step}" ended with exit code ${exitCode} before the step did.`,
      hint: 'Find who calls process.exit there; a step ends by returning or throwing.',
      step,
    })
  }
  return new SpanwiseError({
    code,
    message: `The pool thread of step "${step}" died of an error that nothing caught: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'It was thrown outside the promise that the step returns: in a timer, an event listener or a promise that nobody awaits. Handle it there.',
    cause,
    step,
  })
}

/** Doing it again would end the same way. */
export function memoryLimit(step: string, limit: number | undefined, cause: unknown): SpanwiseError {
  const most = limit === undefined ? '' : ` of ${Math.ceil(limit / 2 ** 20)} MiB`
  return new SpanwiseError({
    code: 'MEMORY_LIMIT',
    message: `The pool thread of step "${step}" ran out of its memory${most}.`,
    hint: "Let the step work on less at a time, or give it more: memory: '2GiB' in its options, threadMemory for all.",
    cause,
    step,
  })
}

export function poolClosed(step: string): SpanwiseError {
  return new SpanwiseError({
    code: 'POOL_CLOSED',
    message: `The thread pool was closed before step "${step}" had ended.`,
    hint: 'The app is closing; the step is run again when the run goes on.',
    step,
  })
}

export function stepUnknown(step: string, module: string): SpanwiseError {
  return new SpanwiseError({
    code: 'STEP_UNKNOWN',
    message: `Module ${module} does not define a step named "${step}".`,
    hint: 'Give the step `module: import.meta.url` in the file that defines it, and define it at the top level of that file: a pool thread only imports it.',
    step,
  })
}

export function moduleFailed(step: string, module: string, cause: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'POOL_MODULE_FAILED',
    message: `A pool thread could not import ${module}, which defines step "${step}": ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: 'The module is imported once more in every thread: it must load without a bundler, and nothing at its top level may need the main thread.',
    cause,
    step,
  })
}
