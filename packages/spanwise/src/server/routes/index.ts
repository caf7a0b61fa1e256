import type { OperationName } from '../operations.ts'
import type { Route } from '../route.ts'
import { approvalRoutes } from './approvals.ts'
import { decisionRoutes } from './decisions.ts'
import { externalRoutes } from './external.ts'
import { historyRoutes } from './history.ts'
import { keyRoutes } from './keys.ts'
import { ledgerRoutes } from './ledger.ts'
import { lostCallRoutes } from './lost-calls.ts'
import { operateRoutes } from './operate.ts'
import { runRoutes } from './runs.ts'
import { scheduleRoutes } from './schedules.ts'
import { storeRoutes } from './store.ts'
import { streamRoutes } from './streams.ts'
import { viewRoutes } from './views.ts'
import { webhookRoutes } from './webhooks.ts'

/** Every route of the API, by the name of its operation: a name without a route, or the other way round, is a type error. */
export const routes = {
  ...runRoutes,
  ...historyRoutes,
  ...operateRoutes,
  ...viewRoutes,
  ...lostCallRoutes,
  ...approvalRoutes,
  ...decisionRoutes,
  ...scheduleRoutes,
  ...storeRoutes,
  ...streamRoutes,
  ...keyRoutes,
  ...ledgerRoutes,
  ...externalRoutes,
  ...webhookRoutes,
} as const satisfies { readonly [Name in OperationName]: Route }

export type Routes = typeof routes
