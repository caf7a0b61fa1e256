import { useState } from 'react'
import { keyOf } from '../api/client.ts'
import { acts, useAct } from '../api/queries.ts'
import type { RunDetail } from '../api/types.ts'
import { EraseDialog } from '../pages/erase-dialog.tsx'
import { Evidence } from '../pages/evidence.tsx'
import { Button } from '../parts/button.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Field, Input, TextArea } from '../parts/field.tsx'
import { Problem } from '../parts/problem.tsx'
import { readJson } from '../parts/read-json.ts'

type Open = 'cancel' | 'give up' | 'signal' | 'erase' | 'evidence' | undefined

/** What can be done with a run as it stands. */
export function RunActions({ run }: { readonly run: RunDetail }) {
  const [open, setOpen] = useState<Open>()
  const { status } = run
  const isOver = status === 'completed' || status === 'failed' || status === 'cancelled'
  const close = (): void => setOpen(undefined)
  return (
    <>
      <CopyButton label="Copy as curl" text={() => asCurl(run)} />
      <CopyButton label="Copy as code" text={() => asCode(run)} />
      {!isOver && <Button onClick={() => setOpen('signal')}>Signal…</Button>}
      {status === 'needs attention' && (
        <Button look="danger" onClick={() => setOpen('give up')}>
          Give up…
        </Button>
      )}
      {!isOver && (
        <Button look="danger" onClick={() => setOpen('cancel')}>
          Cancel…
        </Button>
      )}
      <Button look="quiet" onClick={() => setOpen('evidence')}>
        Evidence…
      </Button>
      {open === 'evidence' && (
        <Dialog open onClose={close} title="Evidence of this run">
          <Evidence run={run.id} />
        </Dialog>
      )}
      <Button look="quiet" onClick={() => setOpen('erase')}>
        Erase…
      </Button>
      {open === 'erase' && <EraseDialog run={run.id} onClose={close} />}
      {(open === 'cancel' || open === 'give up') && <EndDialog run={run} how={open} onClose={close} />}
      {open === 'signal' && <SignalDialog run={run} onClose={close} />}
    </>
  )
}

const endings = {
  cancel: {
    title: 'Cancel this run?',
    about: 'Its open operations are told to stop, cleanup and compensations run, then it is cancelled.',
    button: 'Cancel the run',
  },
  'give up': {
    title: 'Give this run up?',
    about: 'Compensations run, then it has failed. It cannot be resumed after that.',
    button: 'Give it up',
  },
} as const

function EndDialog({
  run,
  how,
  onClose,
}: {
  readonly run: RunDetail
  readonly how: 'cancel' | 'give up'
  readonly onClose: () => void
}) {
  const [reason, setReason] = useState('')
  const { title, about, button } = endings[how]
  const end = useAct(() => (how === 'cancel' ? acts.cancel : acts.giveUp)(run.id, reason === '' ? undefined : reason))
  return (
    <Dialog open onClose={onClose} title={title} about={about}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          end.mutate(undefined, { onSuccess: onClose })
        }}
      >
        <Field label="Reason" hint="Kept in the run's history.">
          <Input value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        {end.error !== null && <Problem error={end.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" type="submit" disabled={end.isPending}>
            {button}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function SignalDialog({ run, onClose }: { readonly run: RunDetail; readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const value = readJson(text)
  const send = useAct(() => acts.signal(run.id, name, value.ok ? value.value : undefined))
  return (
    <Dialog open onClose={onClose} title="Send a signal" about="It is kept in the run's mailbox until a wait takes it.">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          send.mutate(undefined, { onSuccess: onClose })
        }}
      >
        <Field label="Signal">
          <Input required value={name} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Value, as JSON" error={value.ok ? undefined : value.error}>
          <TextArea rows={5} value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
        {send.error !== null && <Problem error={send.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" type="submit" disabled={!value.ok || send.isPending}>
            Send
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function asCurl({ workflow, input }: RunDetail): string {
  const body = JSON.stringify({ workflow, input }).replaceAll("'", String.raw`'\''`)
  // the key itself belongs into no clipboard
  const key = keyOf() === undefined ? '' : ` -H "authorization: Bearer $SPANWISE_KEY"`
  return `curl -X POST ${location.origin}/api/v1/runs${key} -H 'content-type: application/json' -d '${body}'`
}

function asCode({ workflow, input }: RunDetail): string {
  return `await app.run(${identifier(workflow)}, ${JSON.stringify(input, undefined, 2) ?? 'undefined'})`
}

function identifier(name: string): string {
  return name.replaceAll(/[^a-z0-9]+(.)?/gi, (_, next: string | undefined) => next?.toUpperCase() ?? '')
}
