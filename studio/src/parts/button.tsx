import type { ComponentProps } from 'react'

const looks = {
  plain: 'border-line bg-panel hover:bg-raised',
  primary: 'border-transparent bg-accent text-on-accent hover:opacity-90',
  danger: 'border-line bg-panel text-bad hover:bg-bad-tint',
  quiet: 'border-transparent bg-transparent text-soft hover:bg-raised hover:text-ink',
} as const

export function Button({
  look = 'plain',
  className = '',
  ...props
}: ComponentProps<'button'> & { readonly look?: keyof typeof looks }) {
  return (
    <button
      type="button"
      className={`inline-flex h-8 max-sm:h-[44px] items-center justify-center gap-1.5 rounded-md border px-3 text-sm font-medium whitespace-nowrap disabled:opacity-50 ${looks[look]} ${className}`}
      {...props}
    />
  )
}
