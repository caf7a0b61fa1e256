import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

// npm run test:live -- --url http://127.0.0.1:11434/v1 --model llama3.2 [--key …]
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    model: { type: 'string', default: 'any' },
    key: { type: 'string' },
  },
})
if (values.url === undefined) {
  console.error(
    'Name a server that speaks OpenAI’s API: npm run test:live -- --url http://127.0.0.1:11434/v1 --model llama3.2',
  )
  process.exit(2)
}
const child = spawn('npx', ['vitest', 'run', '--project', 'unit', 'test/models/live.test.ts', '--reporter=verbose'], {
  stdio: 'inherit',
  env: {
    ...process.env,
    LIVE_URL: values.url.replace(/\/$/, ''),
    LIVE_MODEL: values.model,
    ...(values.key === undefined ? {} : { LIVE_KEY: values.key }),
  },
})
child.on('exit', (code) => {
  process.exitCode = code ?? 1
})
