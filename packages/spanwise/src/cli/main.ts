import { main } from './program.ts'

// whoever reads us may stop reading: `spanwise runs | head`
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const code = await main(process.argv.slice(2))
// what the user's modules left open (timers, connections) must not keep the command alive; what was written must get out
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))))
process.exit(code)
