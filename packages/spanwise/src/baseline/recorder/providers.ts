/** Hosts of providers, and the names that their prices stand under. */
const hosts: readonly (readonly [host: RegExp, provider: string])[] = [
  [/^api\.openai\.com$/, 'openai'],
  [/^api\.anthropic\.com$/, 'anthropic'],
  [/^generativelanguage\.googleapis\.com$/, 'google'],
  [/^([a-z0-9-]+-)?aiplatform\.googleapis\.com$/, 'vertex'],
  [/\.(openai\.azure\.com|services\.ai\.azure\.com|cognitiveservices\.azure\.com)$/, 'azure'],
  [/^bedrock-runtime\.[a-z0-9-]+\.amazonaws\.com$/, 'amazon-bedrock'],
  [/^api\.mistral\.ai$/, 'mistral'],
  [/^api\.groq\.com$/, 'groq'],
  [/^api\.x\.ai$/, 'xai'],
  [/^api\.deepseek\.com$/, 'deepseek'],
  [/^api\.cohere\.(com|ai)$/, 'cohere'],
  [/^api\.perplexity\.ai$/, 'perplexity'],
  [/^openrouter\.ai$/, 'openrouter'],
  [/^api\.together\.(xyz|ai)$/, 'togetherai'],
  [/^api\.fireworks\.ai$/, 'fireworks'],
  [/^api\.cerebras\.ai$/, 'cerebras'],
  [/^api\.moonshot\.(ai|cn)$/, 'moonshotai'],
]

/** Where models are asked, at a provider's or at any server that speaks one of the usual protocols. */
const paths =
  /\/(chat\/completions|completions|responses|messages|embeddings|api\/chat|api\/generate|api\/embed)$|:(generateContent|streamGenerateContent|embedContent|batchEmbedContents|predict|rawPredict|streamRawPredict)$|\/model\/[^/]+\/(invoke|converse)(-with-response-stream|-stream)?$|\/v[12]\/(chat|embed)$/

export type ProviderOf = (host: string, path: string) => string | undefined

/**
 * Who is asked, where this is a request to a model. `extra` adds hosts: `localhost:8080=openai` for a proxy before a provider.
 * A host that is not known is named as it is; what it costs is then not known either.
 */
export function providers(extra: string | undefined): ProviderOf {
  const named = new Map<string, string>()
  for (const part of (extra ?? '').split(',')) {
    const [host, provider] = part.split('=').map((each) => each.trim())
    if (host) named.set(host, provider || host)
  }
  return (host, path) => {
    const query = path.indexOf('?')
    if (!paths.test(query < 0 ? path : path.slice(0, query))) return undefined
    const given = named.get(host)
    if (given !== undefined) return given
    const plain = host.replace(/:\d+$/, '')
    return hosts.find(([pattern]) => pattern.test(plain))?.[1] ?? host
  }
}
