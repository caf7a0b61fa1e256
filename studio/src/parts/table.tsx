import type { ComponentProps } from 'react'

/** On a phone each row is a block of its own, with the name of each cell beside it: nothing is pushed sideways. */
export function Table(props: ComponentProps<'table'>) {
  return <table {...props} className={`stacking w-full border-collapse text-sm ${props.className ?? ''}`} />
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

/** @param label the name of its column, for where there is no head over it; a cell without one stands by itself */
export function Td({ className = '', label, ...props }: ComponentProps<'td'> & { readonly label?: string }) {
  return <td {...props} data-label={label} className={`border-b border-line px-4 py-2 align-top ${className}`} />
}
