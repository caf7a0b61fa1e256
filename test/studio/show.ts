import { buildStudio, fill, openSite } from './world.ts'

// A server with some runs in it, to look at while working on the studio: npm run studio:show
const site = await openSite(await buildStudio(), { port: Number(process.env['PORT'] ?? 4747) })
await fill(site)
console.log(site.url)
