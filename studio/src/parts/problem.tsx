import { problemOf } from '../api/problem.ts'

/** An error of ours: what happened, and what to do. */
export function Problem({ error }: { readonly error: unknown }) {
  const { code, message, hint } = problemOf(error)
  return (
    <div role="alert" className="rounded-md border border-bad/40 bg-bad-tint px-4 py-3 text-sm">
      <p className="font-medium text-bad">
        {message}
        {code !== undefined && <span className="ml-2 font-mono text-xs opacity-80">{code}</span>}
      </p>
      {hint !== undefined && <p className="mt-1">{hint}</p>}
    </div>
  )
}
