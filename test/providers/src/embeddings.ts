import { hash } from './answer.ts'
import { countTokens } from './tokens.ts'

/** Texts with words in common have vectors near each other; the same text has the same vector. */
export function embed(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    const digest = Buffer.from(hash(word), 'hex')
    for (let i = 0; i < 8; i++) {
      const slot = digest.readUInt16LE(i * 3) % dimensions
      vector[slot] = (vector[slot] ?? 0) + ((digest[i * 3 + 2] ?? 0) & 1 ? 1 : -1)
    }
  }
  const length = Math.hypot(...vector) || 1
  return vector.map((each) => each / length)
}

export function embeddingsOf(body: Readonly<Record<string, unknown>>): { json: unknown; tokens: number } {
  const inputs = Array.isArray(body['input']) ? body['input'].map(String) : [String(body['input'] ?? '')]
  const dimensions = typeof body['dimensions'] === 'number' ? body['dimensions'] : 256
  const tokens = inputs.reduce((sum, text) => sum + countTokens(text), 0)
  const data = inputs.map((text, index) => {
    const vector = embed(text, dimensions)
    const embedding =
      body['encoding_format'] === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector
    return { object: 'embedding', index, embedding }
  })
  return {
    json: { object: 'list', data, model: body['model'], usage: { prompt_tokens: tokens, total_tokens: tokens } },
    tokens,
  }
}
