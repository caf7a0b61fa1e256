import { type ModelRequest, type ProviderServer, startProvider } from 'loopback-provider'

/** A model server on this machine that plays the desk by rules. It understands nothing; what is real is everything around it. */
export function offlineModel(): Promise<ProviderServer> {
  return startProvider({ respond: (request) => ({ text: JSON.stringify(answer(request)) }), pace: { firstToken: 20 } })
}

function answer({ turns }: ModelRequest): object {
  const system = turns.find(({ role }) => role === 'system')?.text ?? ''
  const asked = turns.findLast(({ role }) => role === 'user')?.text ?? ''
  const facts = /Facts: (.*)/.exec(asked)?.[1] ?? ''
  if (system.includes('You sort messages'))
    return { intent: /refund|money|broken/i.test(asked) ? 'refund' : 'question' }
  if (system.includes('You check an answer'))
    return { good: facts.split('; ').every((fact) => asked.split('Facts:')[0]?.includes(fact)) }
  return { answer: `Thank you for writing. ${facts}.` }
}
