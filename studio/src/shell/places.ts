/** The pages that the navigation and the palette know, in their order. */
export const places = [
  { to: '/', name: 'Overview', key: 'o', about: 'how well it goes' },
  { to: '/runs', name: 'Runs', key: 'r', about: 'everything that was started' },
  { to: '/inbox', name: 'Inbox', key: 'i', about: 'approvals that wait for an answer' },
  { to: '/failures', name: 'Failures', key: 'f', about: 'what failed, grouped' },
  { to: '/costs', name: 'Costs', key: 'c', about: 'what model calls cost' },
  { to: '/models', name: 'Models', key: 'm', about: 'who is asked, how they are doing' },
  { to: '/audit', name: 'Audit', key: 'a', about: 'decisions, and what had a part in them' },
  { to: '/catalogue', name: 'Catalogue', key: 'w', about: 'workflows, and starting them' },
  { to: '/schedules', name: 'Schedules', key: 's', about: 'what starts by itself, and when' },
  { to: '/limits', name: 'Limits', key: 'l', about: 'who may begin, and who waits' },
  { to: '/webhooks', name: 'Webhooks', key: 'h', about: 'who tells us, and who is told' },
  { to: '/named-streams', name: 'Streams', key: 't', about: 'what runs and programs publish, live' },
  { to: '/settings', name: 'Settings', key: 'x', about: 'the store and this page' },
  { to: '/about', name: 'In plain words', key: 'p', about: 'for people who do not run systems' },
] as const
