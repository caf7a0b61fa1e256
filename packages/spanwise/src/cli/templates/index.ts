import { approve } from './approve.ts'
import { batch } from './batch.ts'
import { greet } from './greet.ts'
import type { Template } from './template.ts'

export const templates: readonly Template[] = [greet, approve, batch]
