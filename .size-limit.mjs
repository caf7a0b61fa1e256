import { entryPoints } from './rolldown.size.mjs'

// Budgets per entry point, brotli, without dependencies. Raise one only in the commit that needs it, and say why there.
const budgets = {
  // schedules, limits, forks, repairs, the audit log, retention and the surface to all of them
  // the store's newer parts stand in every program that opens one: encryption, erasure and holds, decisions, cache, debounced starts
  // evidence and exports of subjects are chunks of their own, loaded by who asks for them, and counted here
  // what must not be written is looked for in every program that records anything
  // webhooks: what comes in starts and tells runs, and what goes out follows from the log of every store that is opened to work
  '.': '154 kB',
  './agent': '60 kB',
  // loaded into somebody else's process; at-exit, with prices, is not among it
  './baseline': '8 kB',
  // for browsers: one small module
  './client': '4 kB',
  // without definitions, which are an entry point of their own in a folder below
  './graph': '28 kB',
  './graph/definition': '32 kB',
  './models': '40 kB',
  './redact': '8 kB',
  './server': '40 kB',
  './testing': '148 kB',
}

const studio = 'packages/spanwise/studio/assets'

export default [
  ...entryPoints.map(({ name, dir }) => {
    if (!(name in budgets)) throw new Error(`The entry point ${name} has no size budget in .size-limit.mjs.`)
    return { name: `spanwise${name.slice(1)}`, path: `${dir}/*.js`, limit: budgets[name] }
  }),
  // what a browser loads before it shows the first page
  { name: 'studio, first page', path: `${studio}/index-*.{js,css}`, limit: '160 kB', gzip: true },
  { name: 'studio, all of it', path: `${studio}/*`, limit: '260 kB', gzip: true },
]
