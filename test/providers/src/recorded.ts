import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { generatedQuestions } from './generated.ts'
import type { Question } from './question.ts'

export interface RecordedAnswers {
  readonly questions: readonly Question[]
  readonly generated: boolean
  /** one line that says where they are from */
  readonly source: string
}

let loaded: RecordedAnswers | undefined

/** GSM8K as two real models answered it (`gsm8k.csv.gz`); where the file is absent, a generated set of the same form. */
export function recordedAnswers(): RecordedAnswers {
  if (!loaded) {
    loaded = load()
    if (loaded.generated) process.stderr.write(`${loaded.source}\n`)
  }
  return loaded
}

function load(): RecordedAnswers {
  const folder = process.env['SPANWISE_TEST_DATA'] ?? resolve(import.meta.dirname, '../../../../shared/data/routing')
  const file = resolve(folder, 'gsm8k.csv.gz')
  if (!existsSync(file))
    return {
      generated: true,
      questions: generatedQuestions(1319),
      source: `generated questions (no recorded ones: ${file} is absent)`,
    }
  const rows = parse(gunzipSync(readFileSync(file)), { from_line: 2 }) as string[][]
  const questions = rows.map((row): Question => {
    const [prompt = '', weakRight, strongRight, weak = '', strong = ''] = row
    return {
      prompt,
      weak: { text: weak.trim(), correct: weakRight === 'True' },
      strong: { text: strong.trim(), correct: strongRight === 'True' },
    }
  })
  return { generated: false, questions, source: `${questions.length} recorded GSM8K answers of two models` }
}
