// Every way to end, and to be ended, in the middle of a call.
import { setTimeout as wait } from 'node:timers/promises'

const body = JSON.stringify({ model: 'gpt-5', stream: true, messages: [{ role: 'user', content: 'go on' }] })
const call = (options) => fetch(`${process.env.PROVIDER}/chat/completions`, { method: 'POST', body, ...options })

const ways = {
  async throws() {
    await call()
    throw new Error('of the program')
  },
  async rejects() {
    await call()
    Promise.reject(new Error('nobody waits for it'))
    await wait(1000)
  },
  async exits() {
    await call()
    process.exit(7)
  },
  async code() {
    await (await call()).text()
    process.exitCode = 5
  },
  async aborts() {
    const leave = new AbortController()
    const response = await call({ signal: leave.signal })
    const reader = response.body.getReader()
    console.log((await reader.read()).done)
    leave.abort(new RangeError('enough'))
    await reader.read().catch((error) => console.log(error.name, error.message))
    const timeout = await call({ signal: AbortSignal.timeout(30) })
      .then((late) => late.text())
      .catch((error) => error.name)
    console.log(timeout)
  },
  async cancels() {
    const response = await call()
    await response.body.cancel()
    console.log(response.bodyUsed, response.status)
  },
  async killed() {
    await call()
    await wait(50)
    process.kill(process.pid, 'SIGKILL')
  },
  async terminated() {
    await call()
    process.kill(process.pid, 'SIGTERM')
    await wait(1000)
  },
  async refused() {
    await fetch('http://provider.invalid/v1/chat/completions', { method: 'POST', body }).catch((error) =>
      console.log(error.message, error.cause.code),
    )
  },
}
await ways[process.argv[2]]()
console.log('end')
