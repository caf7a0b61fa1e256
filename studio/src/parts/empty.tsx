import type { ReactNode } from 'react'

/** Nothing here yet: says what would be here, and how it gets here. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="px-6 py-12 text-center">
      <p className="font-medium">{title}</p>
      <div className="mx-auto mt-1 max-w-xl text-sm text-soft">{children}</div>
    </div>
  )
}

export function Code({ children }: { readonly children: string }) {
  return (
    <pre className="mx-auto mt-3 w-fit max-w-full rounded-md border border-line bg-page px-3 py-2 text-left font-mono text-xs break-words whitespace-pre-wrap text-ink">
      {children}
    </pre>
  )
}
