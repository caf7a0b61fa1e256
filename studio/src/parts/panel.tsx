import type { ReactNode } from 'react'

export function Panel({
  title,
  actions,
  children,
  flush = false,
}: {
  readonly title?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** without a margin inside: for tables */
  readonly flush?: boolean
}) {
  return (
    <section className="min-w-0 rounded-lg border border-line bg-panel">
      {(title !== undefined || actions !== undefined) && (
        <header className="flex min-h-11 flex-wrap items-center justify-between gap-2 border-b border-line px-4 py-1.5">
          <h2 className="text-sm font-semibold">{title}</h2>
          <div className="flex items-center gap-2">{actions}</div>
        </header>
      )}
      <div className={flush ? 'overflow-x-auto' : 'p-4'}>{children}</div>
    </section>
  )
}

/** The head of a page: what it is, and what can be done here. */
export function PageHead({
  title,
  about,
  actions,
}: {
  readonly title: ReactNode
  readonly about?: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <div className="mb-4 flex flex-wrap items-start justify-between gap-3">
      <div className="min-w-0">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        {about !== undefined && <p className="mt-0.5 max-w-3xl text-sm text-soft">{about}</p>}
      </div>
      <div className="flex flex-wrap items-center gap-2">{actions}</div>
    </div>
  )
}
