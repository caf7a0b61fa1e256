import type { WorkflowInfo } from '../api/types.ts'

/** A schema's properties, in short. */
export function Shape({ title, schema }: { readonly title?: string; readonly schema: WorkflowInfo['input'] }) {
  const properties = Object.entries(schema?.properties ?? {})
  return (
    <div className="mb-2 text-sm">
      {title !== undefined && <h3 className="text-xs font-medium text-soft">{title}</h3>}
      {schema === undefined ? (
        <p className="text-soft">It does not say.</p>
      ) : properties.length === 0 ? (
        <p className="font-mono text-xs">{String(schema.type ?? 'any value')}</p>
      ) : (
        <ul className="font-mono text-xs">
          {properties.map(([name, property]) => (
            <li key={name}>
              {name}
              {schema.required?.includes(name) ? '' : '?'}:{' '}
              <span className="text-soft">
                {property.enum === undefined ? String(property.type ?? 'any') : property.enum.map(String).join(' | ')}
              </span>
              {property.description !== undefined && (
                <span className="font-sans text-soft"> — {property.description}</span>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}
