import { Link } from '@tanstack/react-router'

export function RunLink({ run, children }: { readonly run: string; readonly children?: React.ReactNode }) {
  return (
    <Link to="/runs/$run" params={{ run }} className="font-mono text-xs text-accent underline-offset-2 hover:underline">
      {children ?? shortId(run)}
    </Link>
  )
}

export function shortId(run: string): string {
  return run.length > 12 ? `${run.slice(0, 10)}…` : run
}
