import { closeOnSignal, spanwise } from 'spanwise'
import { here, options } from './work.ts'

const app = await spanwise(options)
here.app = app
closeOnSignal(app)
console.log(`working, pid ${process.pid}; next:`)
for (const { id, nextDue } of (await app.schedules()).items) console.log(`  ${id} ${nextDue?.toISOString()}`)

// nothing else keeps an idle worker here
setInterval(() => {}, 60_000)
