import { pieces, type Reply, type StreamEvent, type Wire } from './reply.ts'

const finishes = { stop: 'stop', length: 'length', tool: 'tool_calls', filter: 'content_filter' } as const

/** The chat completions API of OpenAI, and of all that copy it. */
export const chat: Wire = {
  whole: (reply) => ({
    id: `chatcmpl-${reply.id}`,
    object: 'chat.completion',
    created: reply.created,
    model: reply.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: reply.calls.length ? null : reply.text,
          refusal: null,
          ...(reply.calls.length
            ? {
                tool_calls: reply.calls.map(({ id, name, json }) => ({
                  id,
                  type: 'function',
                  function: { name, arguments: json },
                })),
              }
            : {}),
        },
        logprobs: null,
        finish_reason: finishes[reply.finish],
      },
    ],
    ...usage(reply),
    system_fingerprint: `fp_${reply.model}`,
  }),
  *stream(reply): Iterable<StreamEvent> {
    const event = (delta: unknown, finish: string | null = null, chunk = true): StreamEvent => ({
      data: {
        id: `chatcmpl-${reply.id}`,
        object: 'chat.completion.chunk',
        created: reply.created,
        model: reply.model,
        system_fingerprint: `fp_${reply.model}`,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
      },
      chunk,
    })
    yield event({ role: 'assistant', content: reply.calls.length ? null : '' }, null, false)
    if (reply.calls.length === 0) for (const piece of pieces(reply.text)) yield event({ content: piece })
    for (const [index, { id, name, json }] of reply.calls.entries()) {
      yield event({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
      for (const piece of pieces(json)) yield event({ tool_calls: [{ index, function: { arguments: piece } }] })
    }
    yield event({}, finishes[reply.finish], false)
    if (reply.streamUsage && reply.reported) {
      yield {
        data: {
          id: `chatcmpl-${reply.id}`,
          object: 'chat.completion.chunk',
          created: reply.created,
          model: reply.model,
          choices: [],
          ...usage(reply),
        },
      }
    }
  },
  end: 'data: [DONE]\n\n',
  streamError: () => ({
    data: {
      error: {
        message: 'The server had an error while processing your request.',
        type: 'server_error',
        param: null,
        code: null,
      },
    },
  }),
}

function usage({ reported }: Reply): { usage?: unknown } {
  if (!reported) return {}
  return {
    usage: {
      prompt_tokens: reported.input,
      completion_tokens: reported.output,
      total_tokens: reported.input + reported.output,
      prompt_tokens_details: { cached_tokens: reported.cached, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: reported.reasoning, audio_tokens: 0 },
    },
  }
}
