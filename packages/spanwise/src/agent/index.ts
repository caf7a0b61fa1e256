export { agent } from './agent.ts'
export type { Agent, AgentOptions, AgentTool, AgentTools, OnLimit, ToolOptions } from './options.ts'
export type { ApprovalRules, ApproverClaim, Policy, ToolRequest, Verdict } from './policy.ts'
export { spending } from './spending.ts'
