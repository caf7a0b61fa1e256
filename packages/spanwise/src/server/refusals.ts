import { SpanwiseError } from '../journal/index.ts'

export function runUnknown(id: string): SpanwiseError {
  return new SpanwiseError({
    code: 'RUN_UNKNOWN',
    message: `There is no run ${id} here.`,
    hint: 'Check the id, and the tenant: runs of tenants that are not the caller’s are not shown.',
  })
}

export function approvalUnknown(id: string): SpanwiseError {
  return new SpanwiseError({
    code: 'APPROVAL_UNKNOWN',
    message: `There is no approval ${id} here.`,
    hint: 'List the open ones: GET /api/v1/approvals.',
  })
}

export function noSuchWorkflow(name: string, known: readonly { readonly name: string }[]): SpanwiseError {
  const names = known.map((one) => one.name).join(', ')
  return new SpanwiseError({
    code: 'WORKFLOW_UNKNOWN',
    message: `This server has no workflow ${JSON.stringify(name)}.`,
    hint: names === '' ? 'Open the app with its workflows.' : `It has ${names}.`,
  })
}

export function badRequest(message: string): SpanwiseError {
  return new SpanwiseError({
    code: 'INVALID_REQUEST',
    message,
    hint: 'The document of the API says what each route takes: GET /openapi.json.',
  })
}

export function tenantMissing(): SpanwiseError {
  return new SpanwiseError({
    code: 'TENANT_MISSING',
    message: 'The caller belongs to several tenants and has not said which one is meant.',
    hint: 'Name one in the header Spanwise-Tenant.',
  })
}

export function forbidden(what: string): SpanwiseError {
  return new SpanwiseError({
    code: 'FORBIDDEN',
    message: `The caller may not ${what}.`,
    hint: 'GET /api/v1/me says which roles the caller has; an admin can give others.',
  })
}

export function notFound(path: string): SpanwiseError {
  return new SpanwiseError({
    code: 'NOT_FOUND',
    message: `There is nothing at ${path}.`,
    hint: 'GET /openapi.json lists every route.',
  })
}
