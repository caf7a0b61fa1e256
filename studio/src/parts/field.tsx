import type { ComponentProps, ReactNode } from 'react'

// on a phone as large as a thumb needs, and at 16 px, below which some browsers zoom into a field
const box = 'w-full rounded-md border border-line bg-panel px-2.5 text-sm max-sm:text-base placeholder:text-soft'

export function Input(props: ComponentProps<'input'>) {
  return <input {...props} className={`h-8 max-sm:h-[44px] ${box} ${props.className ?? ''}`} />
}

export function Select(props: ComponentProps<'select'>) {
  return <select {...props} className={`h-8 max-sm:h-[44px] ${box} ${props.className ?? ''}`} />
}

export function TextArea(props: ComponentProps<'textarea'>) {
  return <textarea {...props} className={`py-1.5 font-mono text-xs ${box} ${props.className ?? ''}`} />
}

/** A label over its field, with what was wrong under it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
  readonly children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field is a child that is passed in
    <label className="block">
      <span className="mb-1 block text-sm font-medium">{label}</span>
      {children}
      {hint !== undefined && <span className="mt-1 block text-xs text-soft">{hint}</span>}
      {error !== undefined && (
        <span role="alert" className="mt-1 block text-xs text-bad">
          {error}
        </span>
      )}
    </label>
  )
}
