import { setTimeout as wait } from 'node:timers/promises'
import { closeOnSignal, each, spanwise, step, workflow } from 'spanwise'

/** stands for a slow call that costs money */
const describe = step('describe', { attempts: 3 }, async (city: string) => {
  await wait(Number(process.env['SLOW'] ?? 500))
  console.log(`described ${city}`)
  return `${city} has ${city.length} letters`
})

const guide = workflow('guide', async (cities: readonly string[]) => {
  const texts = await each(cities, { key: (city) => city, concurrency: 2 }, describe)
  return texts.join('\n')
})

const app = await spanwise({ store: process.env['STORE'] ?? 'sqlite:./guide.db', workflows: [guide] })
closeOnSignal(app)

// the same id is the same run: started again after a crash, the script goes on with it
const cities = ['Oslo', 'Lagos', 'Lima', 'Kyoto', 'Perth', 'Quito']
const run = await app.start(guide, cities, { id: 'guide-1' })
console.log(await run.result())
await app.close()
