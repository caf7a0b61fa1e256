import { parse } from 'csv-parse/sync'
import { SpanwiseError } from '../../journal/index.ts'

/** One line of what a provider counted: tokens, or money, of one model on one day (UTC). */
export interface InvoiceLine {
  readonly provider: 'openai' | 'anthropic'
  readonly day: string
  readonly model: string
  readonly requests?: number
  readonly input?: number
  readonly cached?: number
  readonly output?: number
  /** nano-dollars */
  readonly cost?: bigint
}

type Row = Readonly<Record<string, string>>

interface Format {
  readonly name: string
  /** columns that tell it from all others */
  readonly needs: readonly string[]
  read(row: Row): InvoiceLine | undefined
}

/**
 * The files that the consoles of both providers export, told apart by their columns. What is assumed: days are UTC; OpenAI's input
 * tokens hold the cached ones, Anthropic's four counts of input are apart; lines about anything but tokens of a model are left out.
 */
const formats: readonly Format[] = [
  {
    name: 'OpenAI usage',
    needs: ['start_time', 'model', 'input_tokens', 'output_tokens', 'num_model_requests'],
    read: (row) => ({
      provider: 'openai',
      day: dayOf(row['start_time_iso'] || row['start_time']),
      model: row['model'] ?? '',
      requests: number(row['num_model_requests']),
      input: number(row['input_tokens']),
      cached: number(row['input_cached_tokens']),
      output: number(row['output_tokens']),
    }),
  },
  {
    name: 'OpenAI costs',
    needs: ['start_time', 'amount_value', 'line_item'],
    // `gpt-5-mini-2025-08-07, cached input`
    read: (row) => {
      const [model = '', what] = (row['line_item'] ?? '').split(', ')
      if (what === undefined) return undefined
      return {
        provider: 'openai',
        day: dayOf(row['start_time_iso'] || row['start_time']),
        model,
        cost: money(row['amount_value']),
      }
    },
  },
  {
    name: 'Anthropic usage',
    needs: ['usage_date_utc', 'model_version', 'usage_input_tokens_no_cache', 'usage_output_tokens'],
    read: (row) => {
      const written = [
        'usage_input_tokens_cache_write',
        'usage_input_tokens_cache_write_5m',
        'usage_input_tokens_cache_write_1h',
      ]
      const cached = number(row['usage_input_tokens_cache_read'])
      const input = written.reduce(
        (sum, name) => sum + number(row[name]),
        number(row['usage_input_tokens_no_cache']) + cached,
      )
      return {
        provider: 'anthropic',
        day: dayOf(row['usage_date_utc']),
        model: row['model_version'] ?? '',
        input,
        cached,
        output: number(row['usage_output_tokens']),
      }
    },
  },
  {
    name: 'Anthropic costs',
    needs: ['usage_date_utc', 'model', 'cost_usd'],
    read: (row) =>
      row['model']
        ? {
            provider: 'anthropic',
            day: dayOf(row['usage_date_utc']),
            model: row['model'],
            cost: money(row['cost_usd']),
          }
        : undefined,
  },
]

export interface Invoice {
  readonly format: string
  readonly lines: readonly InvoiceLine[]
  /** lines that are not about tokens of a model: searches, storage, credits */
  readonly leftOut: number
}

/** @throws INVOICE_UNREADABLE */
export function readInvoice(text: string, file: string): Invoice {
  let rows: Row[]
  try {
    rows = parse(text, {
      columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
    })
  } catch (error) {
    throw unreadable(`${file} is no CSV: ${(error as Error).message}`, error)
  }
  const columns = Object.keys(rows[0] ?? {})
  const format = formats.find(({ needs }) => needs.every((name) => columns.includes(name)))
  if (!format)
    throw unreadable(`${file} has the columns ${columns.join(', ') || '(none)'}, which are of no known export.`)
  const lines: InvoiceLine[] = []
  for (const [n, row] of rows.entries()) {
    try {
      const line = format.read(row)
      if (line) lines.push(line)
    } catch (error) {
      throw unreadable(`Line ${n + 2} of ${file} cannot be read: ${(error as Error).message}`, error)
    }
  }
  return { format: format.name, lines, leftOut: rows.length - lines.length }
}

function unreadable(message: string, cause?: unknown): SpanwiseError {
  return new SpanwiseError({
    code: 'INVOICE_UNREADABLE',
    message,
    hint: `It takes the CSV files that the consoles export: ${formats.map(({ name, needs }) => `${name} (${needs.join(', ')})`).join('; ')}.`,
    ...(cause === undefined ? {} : { cause }),
  })
}

function number(text: string | undefined): number {
  if (text === undefined || text.trim() === '') return 0
  const value = Number(text.replaceAll(',', ''))
  if (!Number.isFinite(value)) throw new RangeError(`"${text}" is no number`)
  return value
}

function money(text: string | undefined): bigint {
  return BigInt(Math.round(number(text?.replace('$', '')) * 1e9))
}

/** `2026-11-01`, a time, or seconds since 1970. */
function dayOf(text: string | undefined): string {
  const time = /^\d{9,11}(\.0+)?$/.test(text ?? '') ? Number(text) * 1000 : Date.parse(text ?? '')
  if (!Number.isFinite(time)) throw new RangeError(`"${text}" is no time`)
  return new Date(time).toISOString().slice(0, 10)
}
