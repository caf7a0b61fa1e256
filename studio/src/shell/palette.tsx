import { useNavigate } from '@tanstack/react-router'
import { Dialog as Radix } from 'radix-ui'
import { type KeyboardEvent, useId, useState } from 'react'
import { useWorkflows } from '../api/queries.ts'
import { places } from './places.ts'

interface Choice {
  readonly name: string
  readonly about: string
  go(): void
}

/** Where to go: a page, a workflow's runs, or a run by its id. */
export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const list = useId()
  const choices = useChoices(text.trim())
  const current = Math.min(at, choices.length - 1)
  const choose = (choice: Choice | undefined): void => {
    if (choice === undefined) return
    onClose()
    choice.go()
  }
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(current + 1, choices.length - 1))
    else if (event.key === 'ArrowUp') setAt(Math.max(current - 1, 0))
    else if (event.key === 'Enter') choose(choices[current])
    else return
    event.preventDefault()
  }
  return (
    <Radix.Root open onOpenChange={(is) => !is && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[14vh] left-1/2 z-50 w-[min(34rem,calc(100vw-1.5rem))] -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-panel shadow-xl"
        >
          <Radix.Title className="sr-only">Go to</Radix.Title>
          <input
            // biome-ignore lint/a11y/noAutofocus: opening it is asking for it
            autoFocus
            role="combobox"
            aria-expanded="true"
            aria-controls={list}
            aria-activedescendant={`${list}-${current}`}
            aria-label="A page, a workflow or the id of a run"
            placeholder="A page, a workflow or the id of a run"
            className="h-11 w-full border-b border-line bg-transparent px-4 text-sm outline-none"
            value={text}
            onChange={(event) => {
              setText(event.target.value)
              setAt(0)
            }}
            onKeyDown={onKey}
          />
          <div id={list} role="listbox" aria-label="Places" className="max-h-[50vh] overflow-y-auto p-1.5">
            {choices.map((choice, i) => (
              <div
                key={choice.name}
                id={`${list}-${i}`}
                role="option"
                tabIndex={-1}
                aria-selected={i === current}
                className="flex cursor-pointer justify-between gap-4 rounded-md px-3 py-2 text-sm aria-selected:bg-raised"
                onMouseMove={() => setAt(i)}
                onClick={() => choose(choice)}
                onKeyDown={onKey}
              >
                <span>{choice.name}</span>
                <span className="truncate text-soft">{choice.about}</span>
              </div>
            ))}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

function useChoices(text: string): readonly Choice[] {
  const navigate = useNavigate()
  const workflows = useWorkflows()
  const wanted = text.toLowerCase()
  const fits = (name: string): boolean => name.toLowerCase().includes(wanted)
  const pages = places
    .filter(({ name, about }) => fits(name) || fits(about))
    .map(({ to, name, about }): Choice => ({ name, about, go: () => void navigate({ to }) }))
  const runsOf = (workflows.data ?? [])
    .filter(({ name }) => fits(name))
    .slice(0, 20)
    .map(
      ({ name }): Choice => ({
        name: `Runs of ${name}`,
        about: 'workflow',
        go: () => void navigate({ to: '/runs', search: { workflow: name } }),
      }),
    )
  const run: Choice = {
    name: `Run ${text}`,
    about: 'open by its id',
    go: () => void navigate({ to: '/runs/$run', params: { run: text } }),
  }
  return [...pages, ...runsOf, ...(text.length >= 8 && !text.includes(' ') ? [run] : [])]
}
