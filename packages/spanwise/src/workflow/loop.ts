import { currentScope } from './current.ts'
import { type LoopOptions, LoopRun, type Turn } from './runtime/loop-run.ts'

/**
 * A sequential loop whose continuation is data: what a graph and an agent are made of. Each round is a scope of its own and begins
 * with a value that is all it knows of the rounds before; so a snapshot of that value stands for them, and a run that is loaded
 * again begins with the latest one. A round must use nothing else that changes.
 * @example
 * loop({ name: 'agent(writer)', start: { messages }, snapshots: 'growing' }, async (state) => {
 *   const answer = await ask(state.messages)
 *   return answer.calls.length === 0 ? { done: answer.text } : { next: { messages: [...state.messages, answer] } }
 * })
 */
export function loop<S, R>(
  options: LoopOptions<S>,
  turn: (state: S, round: number) => Promise<Turn<S, R>>,
): Promise<R> {
  const scope = currentScope(options.name)
  return scope.execution.track(new LoopRun(scope, options, turn).run())
}
