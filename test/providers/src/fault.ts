/** What goes wrong with one request. */
export type Fault =
  /** an error instead of an answer; `retryAfter` in seconds, `retryAfterMs` as OpenAI sends it beside */
  | {
      readonly kind: 'status'
      readonly status: number
      readonly retryAfter?: number
      readonly code?: string
      readonly body?: 'json' | 'html'
    }
  /** the first token takes this much longer, in ms */
  | { readonly kind: 'slow'; readonly ms: number }
  /** after so many chunks nothing comes for so long, then the connection is reset */
  | { readonly kind: 'stall'; readonly after: number; readonly ms: number }
  /** the response ends after so many chunks as if it were complete, without its last events */
  | { readonly kind: 'truncated'; readonly after: number }
  /** JSON that breaks off, in an event or in the whole body */
  | { readonly kind: 'malformed'; readonly after: number }
  /** an error as an event of the stream; a response that does not stream gets the status instead */
  | { readonly kind: 'stream-error'; readonly after: number }
  /** the connection is reset: 0 before anything is sent */
  | { readonly kind: 'reset'; readonly after: number }
  /** what is reported as used is not what was */
  | { readonly kind: 'usage'; readonly report: 'missing' | 'zero' | 'double' }
  /** the answer comes from another model than was asked for */
  | { readonly kind: 'model'; readonly model: string }
  /** the answer is cut by a content filter */
  | { readonly kind: 'filter' }
  /** the request is too long for the model */
  | { readonly kind: 'context' }

export type FaultKind = Fault['kind']

/** The fault's error as an HTTP status, for faults that are one. */
export function statusOf(fault: Fault, stream: boolean): (Fault & { kind: 'status' }) | undefined {
  if (fault.kind === 'status') return fault
  if (fault.kind === 'context') return { kind: 'status', status: 400, code: 'context_length_exceeded' }
  if (fault.kind === 'stream-error' && !stream) return { kind: 'status', status: 503, code: 'overloaded' }
  return undefined
}

/** The body of an error as the provider would word it. */
export function errorBody(api: 'openai' | 'anthropic', status: number, code?: string): unknown {
  const message = messages[code ?? ''] ?? messages[status] ?? 'The request failed.'
  const type =
    types[api][status] ?? (status < 500 ? 'invalid_request_error' : api === 'openai' ? 'server_error' : 'api_error')
  return api === 'openai'
    ? { error: { message, type, param: null, code: code ?? null } }
    : { type: 'error', error: { type, message }, request_id: 'req_loopback' }
}

const messages: Readonly<Record<string, string>> = {
  context_length_exceeded: "prompt is too long: this model's maximum context length is exceeded",
  insufficient_quota: 'You exceeded your current quota, please check your plan and billing details.',
  401: 'Incorrect API key provided.',
  404: 'The model does not exist or you do not have access to it.',
  429: 'Rate limit reached for requests.',
  500: 'The server had an error while processing your request.',
  502: 'Bad gateway.',
  503: 'The engine is currently overloaded, please try again later.',
  529: 'Overloaded',
}

const types: Readonly<Record<'openai' | 'anthropic', Readonly<Record<number, string>>>> = {
  openai: { 401: 'invalid_request_error', 429: 'rate_limit_exceeded', 503: 'service_unavailable' },
  anthropic: {
    401: 'authentication_error',
    404: 'not_found_error',
    429: 'rate_limit_error',
    529: 'overloaded_error',
    503: 'overloaded_error',
  },
}
