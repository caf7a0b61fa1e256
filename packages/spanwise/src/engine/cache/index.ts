export type { Flight } from './flight.ts'
export {
  dropResults,
  filterOf,
  type Invalidation,
  ResultCache,
  type Reused,
  type Wanted,
} from './results.ts'
