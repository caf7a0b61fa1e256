import { describe, expect, test } from 'vitest'
import { readStream, readWhole } from './usage.ts'

const data = (...events: readonly unknown[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')

describe('a whole answer', () => {
  test('of each protocol says model and tokens in its own words', () => {
    expect(
      readWhole(
        '{"model":"gpt-5","usage":{"prompt_tokens":9,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}}',
      ),
    ).toEqual({
      model: 'gpt-5',
      usage: { input: 9, output: 7, cached: 4, reasoning: 3 },
      complete: true,
    })
    expect(
      readWhole(
        '{"model":"claude-haiku-4-5","usage":{"input_tokens":9,"output_tokens":7,"cache_read_input_tokens":4,"cache_creation_input_tokens":2}}',
      ).usage,
    ).toEqual({ input: 15, output: 7, cached: 4, cacheWrite: 2 })
    expect(
      readWhole(
        '{"modelVersion":"gemini-2.5-pro","usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":7,"thoughtsTokenCount":5}}',
      ),
    ).toEqual({
      model: 'gemini-2.5-pro',
      usage: { input: 9, output: 12, reasoning: 5 },
      complete: true,
    })
    expect(readWhole('{"model":"llama3.2","done":true,"prompt_eval_count":9,"eval_count":7}').usage).toEqual({
      input: 9,
      output: 7,
    })
    expect(
      readWhole('{"model":"text-embedding-3-small","data":[],"usage":{"prompt_tokens":9,"total_tokens":9}}').usage,
    ).toEqual({ input: 9, output: 0 })
  })

  test('that is no JSON is not complete, and one that counts nothing has no usage', () => {
    expect(readWhole('{"model":"gpt-5","usa')).toEqual({ complete: false })
    expect(readWhole('{"model":"x"}')).toEqual({ model: 'x', complete: true })
    expect(readWhole('null')).toEqual({ complete: true })
  })
})

describe('a stream', () => {
  test('of the chat API counts at its end, where it was asked to', () => {
    const words = { model: 'gpt-5', choices: [{ delta: { content: 'a "usage":{ in a text' } }], usage: null }
    expect(
      readStream(
        `${data(words, words, { model: 'gpt-5', choices: [], usage: { prompt_tokens: 9, completion_tokens: 7 } })}data: [DONE]\n\n`,
      ),
    ).toEqual({
      model: 'gpt-5',
      usage: { input: 9, output: 7 },
      complete: true,
    })
    expect(readStream(`${data(words)}data: [DONE]\n\n`).usage).toBeUndefined()
  })

  test('of Anthropic counts the prompt first and the answer last', () => {
    const stream = data(
      {
        type: 'message_start',
        message: {
          model: 'claude-haiku-4-5',
          usage: { input_tokens: 9, output_tokens: 1, cache_read_input_tokens: 3 },
        },
      },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 'word' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
      { type: 'message_stop' },
    )
    expect(readStream(stream)).toEqual({
      model: 'claude-haiku-4-5',
      usage: { input: 12, output: 7, cached: 3 },
      complete: true,
    })
  })

  test('that breaks off, or says that it failed, is not complete', () => {
    expect(readStream(data({ type: 'message_start', message: { model: 'm' } })).complete).toBe(false)
    expect(readStream(data({ type: 'error', error: { type: 'overloaded_error' } })).error).toBe('overloaded_error')
    expect(readStream(data({ error: { code: 'server_error' } })).error).toBe('server_error')
  })
})
