// CommonJS, node:http, gzip asked for, a child by spawn, one by fork, and a thread.
const http = require('node:http')
const { fork, spawn } = require('node:child_process')
const { once } = require('node:events')
const { Worker, isMainThread } = require('node:worker_threads')

function post(prompt) {
  return new Promise((done, failed) => {
    const request = http.request(`${process.env.PROVIDER}/chat/completions`, { method: 'POST' }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => done([response.statusCode, JSON.parse(text).choices?.[0].message.content]))
      response.on('error', failed)
    })
    request.on('error', failed)
    request.write('{"model":"gpt-4.1-mini",')
    request.end(`"messages":[{"role":"user","content":"${prompt}"}]}`)
  })
}

async function main() {
  const role = isMainThread ? process.argv[2] : 'thread'
  console.log(role ?? 'root', await post(role ?? 'root'))
  if (role) return
  await once(spawn(process.execPath, [__filename, 'spawned'], { stdio: 'inherit' }), 'exit')
  await once(fork(__filename, ['forked'], { stdio: 'inherit' }), 'exit')
  await once(new Worker(__filename), 'exit')
}
main()
