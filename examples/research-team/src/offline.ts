import { type ModelRequest, type ProviderServer, startProvider } from 'loopback-provider'

/**
 * A model server on this machine that plays the team by rules: it plans from the words of the question, searches, reads, and reports what
 * the tools said. It understands nothing; what is real is everything around it.
 */
export function offlineModel(): Promise<ProviderServer> {
  return startProvider({ respond: (request) => answer(request), pace: { firstToken: 20 } })
}

const leftOut = new Set('what which about does people this that with from they have where when write writes'.split(' '))

function answer(request: ModelRequest) {
  const system = request.turns.find(({ role }) => role === 'system')?.text ?? ''
  const asked = request.turns.find(({ role }) => role === 'user')?.text ?? ''
  const results = request.turns.filter(({ role }) => role === 'tool').map(({ text }) => text)
  if (system.includes('You plan research')) {
    const words = [...new Set(asked.toLowerCase().match(/[a-z]{4,}/g) ?? [])].filter((word) => !leftOut.has(word))
    return { text: JSON.stringify({ topics: words.slice(0, 4) }) }
  }
  if (system.includes('You check a report')) {
    const report = JSON.parse(asked) as { findings: { sources: unknown[] }[] }
    const good = report.findings.length > 0 && report.findings.every(({ sources }) => sources.length > 0)
    return { text: JSON.stringify({ good, why: good ? 'every finding has sources' : 'a finding has no source' }) }
  }
  if (system.includes('You coordinate research')) {
    const topics = /Topics: (.*)/.exec(asked)?.[1]?.split('; ') ?? []
    if (results.length === 0)
      return { calls: topics.map((topic) => ({ name: 'specialist', input: { prompt: topic } })) }
    const findings = results.map((text, n) => ({ topic: topics[n] ?? '', what: said(text), sources: ids(text) }))
    return { text: JSON.stringify({ answer: `${findings.length} topics were looked into.`, findings }) }
  }
  if (request.toolChoice === 'none') return { text: 'There was no time for more.' }
  if (results.length === 0) return { calls: [{ name: 'search', input: { query: asked, limit: 3 } }] }
  const found = ids(results[0] ?? '')
  if (found.length === 0) return { text: `Nothing in the archive is about ${asked}.` }
  if (results.length === 1) return { calls: found.slice(0, 2).map((id) => ({ name: 'read', input: { id } })) }
  const subjects = results.slice(1).flatMap((text) => /"subject":"([^"]*)"/.exec(text)?.[1] ?? [])
  return {
    text: `About ${asked}: ${subjects.map((one) => `“${one}”`).join(' and ')} (${found.slice(0, 2).join(', ')}).`,
  }
}

function ids(text: string): string[] {
  return [...new Set(text.match(/easy-ham-1:\d+/g) ?? [])]
}

function said(text: string): string {
  return text.replace(/<\/?untrusted[^>]*>/g, '').trim()
}
