import { writeFileSync } from 'node:fs'
import { version } from '../app/index.ts'
import { openApi } from './openapi.ts'

// `npm run docs:api`: only in a clone
const text = JSON.stringify(openApi(version()), undefined, 2)
writeFileSync(new URL('../../../../docs/openapi.json', import.meta.url), `${text}\n`)
