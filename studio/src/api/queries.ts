import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Input } from 'spanwise/client'
import { api, once } from './client.ts'
import type { DiffRow, DiffSide, Rate, WorkflowInfo } from './types.ts'

/** ms between two looks at what has no stream of its own */
const often = 3_000
const seldom = 15_000

export function useCounts() {
  return useQuery({
    queryKey: ['counts'],
    queryFn: async ({ signal }) => {
      const [runs, approvals] = await Promise.all([
        api.countRuns(undefined, { signal }),
        api.listApprovals({ limit: 100 }, { signal }),
      ])
      return { runs, approvals: approvals.items.length, attention: runs['needs attention'] }
    },
    refetchInterval: often,
  })
}

export function useOverview(period: string) {
  return useQuery({
    queryKey: ['overview', period],
    queryFn: ({ signal }) => api.getOverview({ period }, { signal }),
    refetchInterval: seldom,
  })
}

export function useRuns(query: Input<'listRuns'>) {
  return useInfiniteQuery({
    queryKey: ['runs', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: after, signal }) =>
      api.listRuns({ ...query, limit: 100, ...(after === undefined ? {} : { after }) }, { signal }),
    getNextPageParam: (page) => page.after,
    // what is shown stays until the answer to another filter is there: nothing flickers
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : often),
  })
}

export function useRun(run: string) {
  return useQuery({ queryKey: ['run', run], queryFn: ({ signal }) => api.getRun({ run }, { signal }) })
}

/** One entry, whole. It never changes. */
export function useEntry(run: string, index: number, isWanted: boolean) {
  return useQuery({
    queryKey: ['entry', run, index],
    queryFn: ({ signal }) => api.getEvent({ run, index }, { signal }),
    enabled: isWanted,
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function useWorkflows() {
  return useQuery({
    queryKey: ['workflows'],
    queryFn: async ({ signal }) => (await api.listWorkflows(undefined, { signal })).items as readonly WorkflowInfo[],
    // new code may have taken over
    refetchInterval: seldom,
  })
}

export function useApprovals(query: { readonly run?: string; readonly role?: string } = {}) {
  return useQuery({
    queryKey: ['approvals', query],
    queryFn: ({ signal }) => api.listApprovals({ ...query, limit: 100 }, { signal }),
    refetchInterval: often,
  })
}

export function useFailures() {
  return useQuery({
    queryKey: ['failures'],
    queryFn: ({ signal }) => api.listFailures({ limit: 100 }, { signal }),
    refetchInterval: often,
  })
}

export function useCosts(query: Input<'getCosts'>) {
  return useQuery({
    queryKey: ['costs', query],
    queryFn: ({ signal }) => api.getCosts(query, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: seldom,
  })
}

/** Candidates as they stand, and what they did. */
export function useModels(period: string) {
  const candidates = useQuery({
    queryKey: ['models'],
    queryFn: ({ signal }) => api.listModels(undefined, { signal }),
    refetchInterval: often,
  })
  const use = useQuery({
    queryKey: ['model-use', period],
    queryFn: ({ signal }) => api.getModelUse({ period }, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: seldom,
  })
  return { candidates, use }
}

export function useBudgets() {
  return useQuery({
    queryKey: ['budgets'],
    queryFn: async ({ signal }) => (await api.listBudgets(undefined, { signal })).items,
    refetchInterval: seldom,
  })
}

/** With the graph laid out, or what an agent may do. */
export function useWorkflow(workflow: string | undefined) {
  return useQuery({
    queryKey: ['workflow', workflow],
    queryFn: ({ signal }) => api.getWorkflow({ workflow: workflow ?? '' }, { signal }),
    enabled: workflow !== undefined,
    refetchInterval: seldom,
  })
}

/** @param rounds how many there are: asked anew when there are more */
export function useStates(run: string, of: string | undefined, rounds: number, isWanted = true) {
  return useQuery({
    queryKey: ['states', run, of, rounds],
    queryFn: async ({ signal }) => (await api.listStates({ run, ...given({ of }) }, { signal })).items,
    enabled: isWanted,
    placeholderData: keepPreviousData,
  })
}

/** What was done to the record itself. */
export function useActs() {
  return useQuery({
    queryKey: ['acts'],
    queryFn: async ({ signal }) => (await api.listActs({ limit: 50 }, { signal })).items,
  })
}

export function useApiKeys() {
  return useQuery({
    queryKey: ['api-keys'],
    queryFn: async ({ signal }) => (await api.listKeys(undefined, { signal })).items,
  })
}

/** What the config says. */
export function useRetention() {
  return useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => api.getRetention(undefined, { signal }),
    // it is the same until the server starts anew
    staleTime: 60_000,
  })
}

export function useArchives() {
  return useQuery({
    queryKey: ['archives'],
    queryFn: async ({ signal }) => (await api.listArchives(undefined, { signal })).items,
  })
}

export function useLimits() {
  return useQuery({
    queryKey: ['limits'],
    queryFn: async ({ signal }) => {
      const { items } = await api.listLimits(undefined, { signal })
      return items.map((one) => ({ ...one, rate: one.rate as Rate | undefined }))
    },
    refetchInterval: often,
  })
}

export function useSchedules() {
  return useQuery({
    queryKey: ['schedules'],
    queryFn: ({ signal }) => api.listSchedules({ limit: 200 }, { signal }),
    refetchInterval: seldom,
  })
}

/** Those that come in, those that go out, and what became of what they carried. */
export function useWebhooks() {
  return useQuery({
    queryKey: ['webhooks'],
    queryFn: async ({ signal }) => (await api.listWebhooks(undefined, { signal })).items,
    refetchInterval: often,
  })
}

export function useDeliveries(query: Input<'listDeliveries'>) {
  return useInfiniteQuery({
    queryKey: ['deliveries', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: after, signal }) =>
      api.listDeliveries({ ...query, limit: 50, ...given({ after }) }, { signal }),
    getNextPageParam: (page) => page.after,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : often),
  })
}

export function useStreams() {
  return useInfiniteQuery({
    queryKey: ['streams'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: after, signal }) => api.listStreams({ limit: 100, ...given({ after }) }, { signal }),
    getNextPageParam: (page) => page.after,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : often),
  })
}

export function useDiff(run: string, other: string) {
  return useQuery({
    queryKey: ['diff', run, other],
    queryFn: async ({ signal }) => {
      const { a, b, rows } = await api.diffRuns({ run, other }, { signal })
      return { a: a as unknown as DiffSide, b: b as unknown as DiffSide, rows: rows as unknown as readonly DiffRow[] }
    },
  })
}

export function useDecisions(query: Input<'listDecisions'>) {
  return useInfiniteQuery({
    queryKey: ['decisions', query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: after, signal }) =>
      api.listDecisions({ ...query, limit: 100, ...(after === undefined ? {} : { after }) }, { signal }),
    getNextPageParam: (page) => page.after,
    placeholderData: keepPreviousData,
  })
}

export function useDecision(run: string, index: number) {
  return useQuery({
    queryKey: ['decision', run, index],
    queryFn: ({ signal }) => api.getDecision({ run, index }, { signal }),
  })
}

/** How much of a run can be proved; asked again until all of it can. */
export function useSeal(run: string) {
  return useQuery({
    queryKey: ['seal', run],
    queryFn: ({ signal }) => api.getSeal({ run }, { signal }),
    refetchInterval: ({ state: { data } }) =>
      data !== undefined && data.checkpoint !== undefined && data.sealed < data.entries ? often : false,
  })
}

export function useLineage(run: string, index: number) {
  return useQuery({
    queryKey: ['lineage', run, index],
    queryFn: ({ signal }) => api.getLineage({ run, index }, { signal }),
  })
}

export function useExplanation(run: string, entries: number) {
  return useQuery({
    queryKey: ['explanation', run, entries],
    queryFn: ({ signal }) => api.explainRun({ run }, { signal }),
    placeholderData: keepPreviousData,
  })
}

export function useMe() {
  return useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => api.whoAmI(undefined, { signal }),
    staleTime: 60_000,
  })
}

export function useHealth() {
  return useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => api.getHealth(undefined, { signal }),
    refetchInterval: seldom,
  })
}

/** Something that is done; what the page shows is asked for anew afterwards. */
export function useAct<I, O = unknown>(act: (input: I) => Promise<O>) {
  const client = useQueryClient()
  return useMutation({ mutationFn: act, onSettled: () => client.invalidateQueries() })
}

export const acts = {
  start: (input: Input<'startRun'>) => api.startRun(input, once()),
  cancel: (run: string, reason?: string) => api.cancelRun({ run, ...given({ reason }) }, once()),
  giveUp: (run: string, reason?: string) => api.giveUpRun({ run, ...given({ reason }) }, once()),
  resume: (run: string) => api.resumeRun({ run }, once()),
  signal: (run: string, signal: string, value: unknown) => api.signalRun({ run, signal, value }, once()),
  fork: (input: Input<'forkRun'>) => api.forkRun(input, once()),
  planFork: (run: string, from: number) => api.planFork({ run, from }),
  decide: (input: Input<'decideApproval'>) => api.decideApproval(input, once()),
  resumeAll: (target: Input<'resumeRuns'>) => api.resumeRuns(target, once()),
  cancelAll: (target: Input<'cancelRuns'>) => api.cancelRuns(target, once()),
  giveUpAll: (target: Input<'giveUpRuns'>) => api.giveUpRuns(target, once()),
  evidence: (run: string) => api.bundleRun({ run }),
  planErasure: (target: Input<'planErasure'>) => api.planErasure(target),
  erase: (target: Input<'eraseContent'>) => api.eraseContent(target, once()),
  createKey: (key: Input<'createKey'>) => api.createKey(key, once()),
  revokeKey: (key: string) => api.revokeKey({ key }),
  retain: (rules: Input<'retainRuns'>) => api.retainRuns(rules, once()),
  testWebhook: (webhook: string) => api.testWebhook({ webhook }, once()),
  disableWebhook: (webhook: string) => api.disableWebhook({ webhook }, once()),
  enableWebhook: (webhook: string) => api.enableWebhook({ webhook }, once()),
  resendDead: (webhook: string) => api.resendDead({ webhook }, once()),
  resendDelivery: (delivery: string) => api.resendDelivery({ delivery }, once()),
  pauseSchedule: (schedule: string) => api.pauseSchedule({ schedule }, once()),
  continueSchedule: (schedule: string) => api.continueSchedule({ schedule }, once()),
  triggerSchedule: (schedule: string) => api.triggerSchedule({ schedule }, once()),
}

/** Without what is not said. */
export function given<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as never
}
