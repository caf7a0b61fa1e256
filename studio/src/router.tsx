import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { readAuditSearch } from './pages/audit-search.ts'
import { readCostSearch } from './pages/costs-search.ts'
import { readModelsSearch } from './pages/models-search.ts'
import { Overview } from './pages/overview.tsx'
import { Runs } from './pages/runs.tsx'
import { readRunsSearch } from './pages/runs-search.ts'
import { Problem } from './parts/problem.tsx'
import { readRunSearch } from './run/run-search.ts'
import { Shell } from './shell/shell.tsx'
import { readStreamsSearch } from './streams/streams-search.ts'
import { readWebhooksSearch } from './webhooks/webhooks-search.ts'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => <p>There is no such page.</p>,
  errorComponent: ({ error }) => <Problem error={error} />,
})

const overview = createRoute({ getParentRoute: () => root, path: '/', component: Overview })
const runs = createRoute({ getParentRoute: () => root, path: '/runs', component: Runs, validateSearch: readRunsSearch })
const run = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run',
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import('./run/run-page.tsx'), 'RunPage'),
})
const diff = createRoute({
  getParentRoute: () => root,
  path: '/runs/$run/diff/$other',
  component: lazyRouteComponent(() => import('./pages/diff.tsx'), 'Diff'),
})
const inbox = createRoute({
  getParentRoute: () => root,
  path: '/inbox',
  component: lazyRouteComponent(() => import('./pages/inbox.tsx'), 'Inbox'),
})
const failures = createRoute({
  getParentRoute: () => root,
  path: '/failures',
  component: lazyRouteComponent(() => import('./pages/failures.tsx'), 'Failures'),
})
const costs = createRoute({
  getParentRoute: () => root,
  path: '/costs',
  validateSearch: readCostSearch,
  component: lazyRouteComponent(() => import('./pages/costs.tsx'), 'CostsPage'),
})
const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: readModelsSearch,
  component: lazyRouteComponent(() => import('./pages/models.tsx'), 'Models'),
})
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./pages/audit.tsx'), 'Audit'),
})
const decision = createRoute({
  getParentRoute: () => root,
  path: '/audit/$run/$index',
  component: lazyRouteComponent(() => import('./pages/decision.tsx'), 'Decision'),
})
const catalogue = createRoute({
  getParentRoute: () => root,
  path: '/catalogue',
  component: lazyRouteComponent(() => import('./pages/catalogue.tsx'), 'Catalogue'),
})
const startable = createRoute({
  getParentRoute: () => root,
  path: '/catalogue/$workflow',
  component: lazyRouteComponent(() => import('./pages/startable.tsx'), 'StartablePage'),
})
const schedules = createRoute({
  getParentRoute: () => root,
  path: '/schedules',
  component: lazyRouteComponent(() => import('./pages/schedules.tsx'), 'Schedules'),
})
const limits = createRoute({
  getParentRoute: () => root,
  path: '/limits',
  component: lazyRouteComponent(() => import('./pages/limits.tsx'), 'Limits'),
})
const webhooks = createRoute({
  getParentRoute: () => root,
  path: '/webhooks',
  validateSearch: readWebhooksSearch,
  component: lazyRouteComponent(() => import('./webhooks/webhooks.tsx'), 'Webhooks'),
})
// `/streams/…` is where the server has the streams themselves
const streams = createRoute({
  getParentRoute: () => root,
  path: '/named-streams',
  validateSearch: readStreamsSearch,
  component: lazyRouteComponent(() => import('./streams/streams.tsx'), 'Streams'),
})
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/settings.tsx'), 'Settings'),
})
const about = createRoute({
  getParentRoute: () => root,
  path: '/about',
  component: lazyRouteComponent(() => import('./pages/about.tsx'), 'About'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    runs,
    run,
    diff,
    inbox,
    failures,
    costs,
    models,
    audit,
    decision,
    catalogue,
    startable,
    schedules,
    limits,
    webhooks,
    streams,
    settings,
    about,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
