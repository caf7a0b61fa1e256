import { useEffect, useState } from 'react'
import { api } from './client.ts'

interface Part {
  readonly n: number
  /** a message of JSON, or text as it came */
  readonly value: unknown
}

interface Tail {
  readonly parts: readonly Part[]
  /** that came before those */
  readonly dropped: number
  readonly isLive: boolean
  /** it is closed, and all of it is here */
  readonly isOver: boolean
  readonly error: unknown
}

/** what a page keeps: a stream may be longer than a browser can hold */
const most = 500
const nothing: Tail = { parts: [], dropped: 0, isLive: false, isOver: false, error: undefined }

/** A named stream from its beginning, and what comes, over lost connections. Redrawn a few times a second at most. */
export function useTail(name: string): Tail {
  const [tail, setTail] = useState(nothing)
  useEffect(() => {
    const ending = new AbortController()
    let parts: Part[] = []
    let count = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (): void => {
      timer = undefined
      setTail((before) => ({ ...before, parts, dropped: count - parts.length }))
    }
    const follow = async (): Promise<void> => {
      const onConnection = (isLive: boolean): void => setTail((before) => ({ ...before, isLive }))
      for await (const { messages, text } of api.streams.tail(name, { signal: ending.signal, onConnection })) {
        const fresh = messages.length > 0 ? messages : [text]
        parts = [...parts, ...fresh.map((value, i) => ({ n: count + i, value }))].slice(-most)
        count += fresh.length
        timer ??= setTimeout(show, 100)
      }
      if (!ending.signal.aborted) setTail((before) => ({ ...before, isLive: false, isOver: true }))
    }
    follow().catch((error: unknown) => {
      if (!ending.signal.aborted) setTail((before) => ({ ...before, isLive: false, error }))
    })
    return () => {
      ending.abort()
      clearTimeout(timer)
    }
  }, [name])
  return tail
}
