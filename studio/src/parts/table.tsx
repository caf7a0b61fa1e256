import type { ComponentProps } from 'react'

export function Table(props: ComponentProps<'table'>) {
  return <table {...props} className={`w-full border-collapse text-sm ${props.className ?? ''}`} />
}

export function Th({ className = '', ...props }: ComponentProps<'th'>) {
  return (
    <th
      scope="col"
      {...props}
      className={`border-b border-line px-4 py-2 text-left text-xs font-medium text-soft whitespace-nowrap ${className}`}
    />
  )
}

export function Td({ className = '', ...props }: ComponentProps<'td'>) {
  return <td {...props} className={`border-b border-line px-4 py-2 align-top ${className}`} />
}
