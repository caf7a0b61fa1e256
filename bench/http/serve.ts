import type { TargetModule, TargetOrder } from './target.ts'

/** One product and its HTTP server in a process of its own; says where it is, and how many runs have ended when it is asked. */
const order = JSON.parse(process.argv[2] as string) as TargetOrder
const { open } = (await import(order.file)) as TargetModule
const { ended, ...target } = await open(order)
process.on('message', () => process.send?.({ ended: ended() }))
// whoever measures has gone: what this has started goes too
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
process.send?.(target)
