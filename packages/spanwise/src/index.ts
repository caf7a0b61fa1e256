export { isSpanwiseError, SpanwiseError, type SpanwiseErrorInit } from './journal/error.ts'
