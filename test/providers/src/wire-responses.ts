import { pieces, type Reply, type StreamEvent, type Wire } from './reply.ts'

/** OpenAI's responses API. */
export const responses: Wire = {
  whole: (reply) => response(reply, finalStatus(reply), output(reply)),
  *stream(reply): Iterable<StreamEvent> {
    let sequence = 0
    const event = (type: string, rest: Record<string, unknown>, chunk = false): StreamEvent => ({
      event: type,
      data: { type, sequence_number: sequence++, ...rest },
      chunk,
    })
    yield event('response.created', { response: response(reply, 'in_progress', []) })
    yield event('response.in_progress', { response: response(reply, 'in_progress', []) })
    const items = output(reply)
    for (const [index, item] of items.entries()) {
      const at = { item_id: item.id, output_index: index }
      yield event('response.output_item.added', {
        output_index: index,
        item: {
          ...item,
          ...(item.type === 'message' ? { content: [] } : item.type === 'function_call' ? { arguments: '' } : {}),
          status: 'in_progress',
        },
      })
      if (item.type === 'message') {
        const part = { ...at, content_index: 0 }
        yield event('response.content_part.added', {
          ...part,
          part: { type: 'output_text', text: '', annotations: [] },
        })
        for (const delta of pieces(reply.text))
          yield event('response.output_text.delta', { ...part, delta, logprobs: [] }, true)
        yield event('response.output_text.done', { ...part, text: reply.text, logprobs: [] })
        yield event('response.content_part.done', { ...part, part: item.content[0] })
      } else if (item.type === 'function_call') {
        for (const delta of pieces(item.arguments))
          yield event('response.function_call_arguments.delta', { ...at, delta }, true)
        yield event('response.function_call_arguments.done', { ...at, arguments: item.arguments })
      }
      yield event('response.output_item.done', { output_index: index, item })
    }
    const status = finalStatus(reply)
    yield event(`response.${status}`, { response: response(reply, status, items) })
  },
  streamError: () => ({
    event: 'error',
    data: {
      type: 'error',
      sequence_number: 1,
      code: 'server_error',
      message: 'The server had an error while processing your request.',
      param: null,
    },
  }),
}

type Item =
  | {
      type: 'message'
      id: string
      role: 'assistant'
      status: 'completed'
      content: { type: 'output_text'; text: string; annotations: [] }[]
    }
  | { type: 'function_call'; id: string; call_id: string; name: string; arguments: string; status: 'completed' }
  | { type: 'reasoning'; id: string; summary: [] }

function output(reply: Reply): Item[] {
  const items: Item[] = reply.usage.reasoning ? [{ type: 'reasoning', id: `rs_${reply.id}`, summary: [] }] : []
  for (const [n, { id, name, json }] of reply.calls.entries()) {
    items.push({
      type: 'function_call',
      id: `fc_${reply.id}_${n}`,
      call_id: id,
      name,
      arguments: json,
      status: 'completed',
    })
  }
  if (reply.calls.length === 0) {
    const content: { type: 'output_text'; text: string; annotations: [] }[] = [
      { type: 'output_text', text: reply.text, annotations: [] },
    ]
    items.push({ type: 'message', id: `msg_${reply.id}`, role: 'assistant', status: 'completed', content })
  }
  return items
}

function finalStatus(reply: Reply): 'completed' | 'incomplete' {
  return reply.finish === 'length' || reply.finish === 'filter' ? 'incomplete' : 'completed'
}

function response(reply: Reply, status: string, items: readonly Item[]): Record<string, unknown> {
  const { reported } = reply
  const reason = reply.finish === 'length' ? 'max_output_tokens' : 'content_filter'
  const done = status !== 'in_progress'
  return {
    id: `resp_${reply.id}`,
    object: 'response',
    created_at: reply.created,
    status,
    error: null,
    incomplete_details: status === 'incomplete' ? { reason } : null,
    model: reply.model,
    output: items,
    parallel_tool_calls: true,
    service_tier: 'default',
    usage:
      done && reported
        ? {
            input_tokens: reported.input,
            input_tokens_details: { cached_tokens: reported.cached },
            output_tokens: reported.output,
            output_tokens_details: { reasoning_tokens: reported.reasoning },
            total_tokens: reported.input + reported.output,
          }
        : null,
  }
}
