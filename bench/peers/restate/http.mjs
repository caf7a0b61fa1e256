import * as restate from '@restatedev/restate-sdk'
import { launch } from './launch.mjs'

/** Its ingress: `send` is answered when the invocation is in its log. */
export async function open({ dir, ports }) {
  let ended = 0
  const bench = restate.service({
    name: 'bench',
    handlers: {
      async one(context, input) {
        const { i } = await context.run('trivial', async () => ({ i: input.i }))
        ended++
        return i
      },
    },
  })
  const { url } = await launch({ dir, ports, isRecovery: false }, [bench])
  return { url, path: '/bench/one/send', headers: {}, body: '{"i":7}', status: 202, ended: () => ended }
}
