// A reader that is slower than the server: the server has to be held back, with whatever watches.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

const total = 64 * 1024 * 1024
const piece = Buffer.alloc(64 * 1024, 'data: x\n\n')
let sent = 0
const server = createServer(async (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (; sent < total && !response.destroyed; sent += piece.length) {
    if (!response.write(piece)) await once(response, 'drain').catch(() => {})
  }
  response.end()
}).listen(0, '127.0.0.1')
await once(server, 'listening')
const response = await fetch(`http://127.0.0.1:${server.address().port}/v1/chat/completions`, {
  method: 'POST',
  body: '{}',
})
const reader = response.body.getReader()
await reader.read()
await wait(300)
console.log('held back:', sent < total / 2)
let read = 0
for (let part = await reader.read(); !part.done; part = await reader.read()) read += part.value.length
console.log('all came:', read > total - 2 * piece.length - 1, sent)
console.log(fetch.name, fetch.length, typeof fetch, Object.keys(globalThis).includes('fetch'))
server.close()
server.closeAllConnections()
