import { acts, useAct } from '../api/queries.ts'
import type { Webhook } from '../api/types.ts'
import { Button } from '../parts/button.tsx'
import { Problem } from '../parts/problem.tsx'
import { Ago } from '../parts/time.tsx'

/** Turns a webhook off and on. */
export function Switch({ webhook: { name, disabled } }: { readonly webhook: Webhook }) {
  const act = useAct((what: (webhook: string) => Promise<unknown>) => what(name))
  const isOn = disabled === undefined
  return (
    <>
      <Button
        look="quiet"
        aria-label={`Turn ${name} ${isOn ? 'off' : 'on'}`}
        disabled={act.isPending}
        onClick={() => act.mutate(isOn ? acts.disableWebhook : acts.enableWebhook)}
      >
        {isOn ? 'Turn off' : 'Turn on'}
      </Button>
      {act.error !== null && <Problem error={act.error} />}
    </>
  )
}

/** That it is off, since when and why. */
export function Off({ webhook: { disabled } }: { readonly webhook: Webhook }) {
  if (disabled === undefined) return null
  return (
    <span className="block text-xs text-warn">
      ▲ off since <Ago at={new Date(disabled.at)} />: {disabled.reason}
    </span>
  )
}
