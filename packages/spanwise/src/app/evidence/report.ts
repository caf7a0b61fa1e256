import { inspect } from 'node:util'
import type { Evidence } from '../../audit/index.ts'
import type { DecisionApproval } from '../decisions/approvals.ts'
import { answerText, type DecisionCall, promptText } from '../decisions/calls.ts'
import { operationKey } from '../decisions/list.ts'
import type { DecisionRecord } from '../decisions/record.ts'
import type { RunEvent } from '../event.ts'
import type { Explanation } from '../explain/explain.ts'
import { dollars, moment, operationName, why } from '../explain/words.ts'
import { type Html, html } from './html.ts'
import { kindWords } from './kind-words.ts'
import { style } from './style.ts'

export interface ReportContent {
  readonly evidence: Evidence
  readonly explanation: Explanation
  readonly decisions: readonly DecisionRecord[]
  readonly events: readonly RunEvent[]
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly at: Date | undefined }
  readonly key: string
}

/** A page for somebody who has to judge what happened, and not how it was programmed. Nothing in it is loaded from elsewhere. */
export function report(content: ReportContent): string {
  const { evidence, explanation, decisions, events } = content
  const first = events[0]
  const last = events.at(-1)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${evidence.workflow}: what is on record about run ${evidence.run}</title>
<style>${{ html: style }}</style>
</head>
<body><main>
<p class="soft small">Record of an automated process</p>
<h1>${evidence.workflow}</h1>
<dl>
<dt>Run</dt><dd><code>${evidence.run}</code></dd>
<dt>How it ended</dt><dd class="${evidence.status === 'completed' ? 'good' : evidence.status === 'failed' ? 'bad' : ''}">${evidence.status}</dd>
<dt>Began</dt><dd>${first && moment(first.at)}</dd>
<dt>Last entry</dt><dd>${last && moment(last.at)}</dd>
<dt>On record</dt><dd>${events.length} entries, ${decisions.length} ${decisions.length === 1 ? 'decision' : 'decisions'} that a model had a part in or that are marked as such</dd>
<dt>Sealed</dt><dd>${sealed(content)}</dd>
</dl>
<div class="note small">This page is for reading; <code>evidence.json</code> beside it is what can be proven. Numbers in brackets, like [3], lead to the
entries that a sentence is taken from. The record says what the system recorded when it happened. Whether what it was told was true, no record can say.</div>

<h2>What happened</h2>
<ol class="story">${explanation.sentences.map(({ text, entries }) => html`<li>${text}${references(entries)}</li>\n`)}</ol>

${decisions.length > 0 && html`<h2>Decisions</h2>${decisions.map(decision)}`}

<h2>Every entry</h2>
<p class="soft small">In the order in which they were recorded. Click on one to see what it holds.</p>
${events.map((event) => entry(event, evidence))}

<h2>How to check this record</h2>
<p>Beside this page lie the entries with their proofs (<code>evidence.json</code>), the signed checkpoint (<code>checkpoint.txt</code>), the public key
(<code>public-key.txt</code>) and a short program that checks them. It needs <a href="https://nodejs.org">Node.js</a> 20.12 or newer, and nothing else:</p>
<pre>node verify.mjs --key &lt;the public key that the operator published&gt;</pre>
<p>It says <b>Everything holds</b>, or what does not. Take the key from somewhere else than from this bundle: who could change the one could change the other.</p>
<dl>
<dt>Public key</dt><dd><code>${content.key}</code></dd>
<dt>Log</dt><dd><code>${content.checkpoint.origin}</code></dd>
<dt>Entries under the checkpoint</dt><dd>${content.checkpoint.size.toLocaleString('en-US')}</dd>
</dl>
<p class="soft small">What it proves: these entries were in the log when the checkpoint was signed, and were not changed since. What it does not: that the
clock was right, that what was recorded is true, or that whoever holds the key did not write another log before the checkpoint was in other hands.</p>
</main></body>
</html>
`
  return page.html
}

function sealed({ checkpoint: { size, at } }: ReportContent): string {
  const when = at === undefined ? '' : ` on ${moment(at)}`
  return `under a checkpoint over ${size.toLocaleString('en-US')} entries, signed${when}`
}

const mostReferences = 6

function references(entries: readonly number[]): Html {
  const shown = entries.slice(0, mostReferences)
  const more = entries.length - shown.length
  return html`<span class="ref soft">[${shown.map((index, n) => html`${n > 0 && ', '}<a href="#e${index}">${index}</a>`)}${more > 0 && `, … ${more} more`}]</span>`
}

function decision(record: DecisionRecord): Html {
  const { before, after } = record.approvals
  return html`<section class="card" id="d${record.index}">
<h3>${record.label ?? operationName(record.key)}</h3>
<dl>
<dt>Decided</dt><dd>${moment(record.at)}${references(record.entries)}</dd>
<dt>Outcome</dt><dd>${record.outcome === 'failed' ? html`<span class="bad">failed:</span> ${why(record.error)}` : 'done'}${record.edited && ', with a result that an operator gave'}${record.superseded !== undefined && `, and set aside later by entry ${record.superseded}`}</dd>
<dt>Subject</dt><dd>${record.subject ?? 'none named'}</dd>
<dt>Release of the software</dt><dd>${record.release}</dd>
${record.calls.length > 0 && html`<dt>Cost</dt><dd>${dollars(record.cost)}</dd>`}
</dl>
${record.kind === 'step' && html`<h3>What it was given</h3><pre>${text(record.input)}</pre>`}
${record.outcome === 'done' && record.kind === 'step' && html`<h3>What came out</h3><pre>${text(record.result)}</pre>`}
${record.calls.map(call)}
${record.documents.length > 0 && html`<h3>Documents that were read</h3><table><tr><th>Document</th><th>Version</th><th>Hash</th><th>When</th></tr>${record.documents.map(({ id, version, hash, direct, index }) => html`<tr><td>${id}</td><td>${version}</td><td><code>${hash}</code></td><td>${direct ? 'in it' : 'before it'}${references([index])}</td></tr>`)}</table>`}
${record.retries.length > 0 && html`<h3>Attempts that failed</h3><table>${record.retries.map(({ index, at, error }) => html`<tr><td>${moment(at)}</td><td>${why(error)}${references([index])}</td></tr>`)}</table>`}
${before.length > 0 && html`<h3>What people had decided before it</h3>${approvals(before)}`}
${after.length > 0 && html`<h3>What people decided after it</h3>${approvals(after)}`}
${record.effects.length > 0 && html`<h3>What the process did after it</h3><p class="small">${record.effects.slice(0, 20).map(({ key, index, state }, n) => html`${n > 0 && ' · '}${key === 'run.completed' ? 'end of the run' : operationName(key)}${state === 'failed' && ' (failed)'} <a class="ref" href="#e${index}">[${index}]</a>`)}${record.effects.length > 20 && ` … and ${record.effects.length - 20} more`}</p>`}
</section>`
}

function call(one: DecisionCall): Html {
  const prompt =
    one.prompt === undefined
      ? undefined
      : `${one.prompt.id}, version ${one.prompt.version} (${one.prompt.hash.slice(0, 12)})`
  return html`<h3>The model that was asked</h3>
<dl>
<dt>Model</dt><dd>${one.answered ?? one.model} of ${one.provider}, asked for as “${one.alias}”${references(one.entries)}</dd>
${one.answerId && html`<dt>Id of the answer</dt><dd><code>${one.answerId}</code></dd>`}
${prompt && html`<dt>Prompt</dt><dd>${prompt}</dd>`}
${one.passedOver && html`<dt>Did not answer</dt><dd>${one.passedOver}</dd>`}
${one.movedTo && html`<dt>Moved by a budget</dt><dd>to ${one.movedTo}</dd>`}
${one.budgets.length > 0 && html`<dt>Budgets</dt><dd>${one.budgets.join(', ')}</dd>`}
<dt>Cost</dt><dd>${one.cost === undefined ? 'not known' : dollars(one.cost)}${one.tokens.input !== undefined && `, ${one.tokens.input} tokens in and ${one.tokens.output ?? '?'} out`}</dd>
</dl>
<p class="soft small">What it was asked</p><pre>${one.asked === undefined ? '(erased)' : promptText(one.asked) || text(one.asked)}</pre>
<p class="soft small">What it answered</p><pre>${one.state === 'answered' ? (one.answer === undefined ? '(erased)' : answerText(one.answer) || text(one.answer)) : `${one.state}: ${why(one.error)}`}</pre>
${one.tools.length > 0 && html`<table><tr><th>Tool that it used</th><th>With</th><th>Gave back</th></tr>${one.tools.map((tool) => html`<tr><td>${tool.name}</td><td>${text(tool.input)}</td><td>${text(tool.result)}</td></tr>`)}</table>`}`
}

function approvals(all: readonly DecisionApproval[]): Html {
  return html`<table><tr><th>Question</th><th>What they saw</th><th>Answer</th><th>Who and when</th></tr>
${all.map(({ question, of, state, by, decidedAt, reason, entries }) => html`<tr><td>${question ?? '(erased)'}${references(entries)}</td><td>${of === undefined ? '' : text(of)}</td><td><b>${state}</b>${reason && `: ${reason}`}</td><td>${by}${decidedAt && html`<br><span class="soft">${moment(decidedAt)}</span>`}</td></tr>`)}</table>`
}

function entry(event: RunEvent, { entries }: Evidence): Html {
  const proof = entries.find(({ index }) => index === event.index)
  const { cost: _, price: __, ...meta } = event.meta
  return html`<details id="e${event.index}"><summary><span class="n">${event.index}</span><span class="kind">${kindWords(event)}</span> ${operationName(operationKey(event.key))}<span class="when">${moment(event.at)}</span></summary>
${Object.keys(meta).length > 0 && html`<p class="soft small">Facts</p><pre>${text(event.meta)}</pre>`}
<p class="soft small">Content</p><pre>${proof?.erased && event.payload === undefined ? '(erased; its proof stands)' : text(event.payload)}</pre>
<p class="soft small">Hash <code>${proof && Buffer.from(proof.leaf, 'base64').toString('hex')}</code>, position ${proof?.position.toLocaleString('en-US')} in the log</p>
</details>
`
}

/** a page that nobody can open helps nobody: what is longer stands in evidence.json */
const longest = 20_000

function text(value: unknown): string {
  if (value === undefined) return '(nothing)'
  const whole =
    typeof value === 'string'
      ? value
      : inspect(value, { depth: 8, breakLength: 90, maxArrayLength: 200, maxStringLength: longest })
  return whole.length <= longest ? whole : `${whole.slice(0, longest)}\n… cut here; all of it is in evidence.json`
}
