import { pieces, type Reply, type StreamEvent, type Wire } from './reply.ts'

const stops = { stop: 'end_turn', length: 'max_tokens', tool: 'tool_use', filter: 'refusal' } as const

/** Anthropic's messages API. */
export const messages: Wire = {
  whole: (reply) => ({
    ...message(reply),
    content: content(reply),
    stop_reason: stops[reply.finish],
    usage: usage(reply, reply.reported?.output ?? 0),
  }),
  *stream(reply): Iterable<StreamEvent> {
    const event = (type: string, rest: Record<string, unknown>, chunk = false): StreamEvent => ({
      event: type,
      data: { type, ...rest },
      chunk,
    })
    yield event('message_start', {
      message: { ...message(reply), content: [], stop_reason: null, usage: usage(reply, 1) },
    })
    for (const [index, block] of content(reply).entries()) {
      const start = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} }
      yield event('content_block_start', { index, content_block: start })
      if (index === 0) yield event('ping', {})
      if (block.type === 'text') {
        for (const text of pieces(block.text))
          yield event('content_block_delta', { index, delta: { type: 'text_delta', text } }, true)
      } else {
        for (const json of pieces(JSON.stringify(block.input))) {
          yield event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: json } }, true)
        }
      }
      yield event('content_block_stop', { index })
    }
    yield event('message_delta', {
      delta: { stop_reason: stops[reply.finish], stop_sequence: null },
      usage: usage(reply, reply.reported?.output ?? 0),
    })
    yield event('message_stop', {})
  },
  streamError: () => ({
    event: 'error',
    data: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
  }),
}

function message(reply: Reply): Record<string, unknown> {
  return { id: `msg_${reply.id}`, type: 'message', role: 'assistant', model: reply.model, stop_sequence: null }
}

type Block = { type: 'text'; text: string } | { type: 'tool_use'; id: string; name: string; input: unknown }

function content(reply: Reply): Block[] {
  if (reply.calls.length === 0) return [{ type: 'text', text: reply.text }]
  return reply.calls.map(
    ({ id, name, json }): Block => ({ type: 'tool_use', id: `toolu_${id}`, name, input: JSON.parse(json) }),
  )
}

/** `input_tokens` are those that were neither read from the cache nor written to it. A message has no way to leave usage out. */
function usage({ reported }: Reply, output: number): unknown {
  const all = reported ?? { input: 0, cached: 0, cacheWrite: 0 }
  return {
    input_tokens: Math.max(0, all.input - all.cached - all.cacheWrite),
    cache_creation_input_tokens: all.cacheWrite,
    cache_read_input_tokens: all.cached,
    output_tokens: output,
    service_tier: 'standard',
  }
}
