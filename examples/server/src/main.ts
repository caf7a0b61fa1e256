import { serve } from '@hono/node-server'
import { spanwise } from 'spanwise'
import { refund } from './refund.ts'
import { routes } from './routes.ts'

const app = await spanwise({ store: process.env['STORE'] ?? 'sqlite:./refunds.db', workflows: [refund] })
const server = serve(
  { fetch: routes(app).fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' },
  ({ port }) => console.log(`http://127.0.0.1:${port}`),
)

// first no more requests, then no more work: what was accepted is on disk either way
process.once('SIGTERM', () => {
  server.close(async () => {
    await app.close()
    process.exit(0)
  })
})
