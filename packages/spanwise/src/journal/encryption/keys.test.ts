import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decrypt, encrypt } from './box.ts'
import { keyService } from './key-service.ts'
import { testKeys } from './keys.testsuite.ts'
import { keyFile, keyVariable } from './local-keys.ts'

const fresh = (): string => randomBytes(32).toString('base64')

function temporary(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'spanwise-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'key')
  writeFileSync(path, text)
  return path
}

testKeys('a key file', async () => {
  const first = fresh()
  const path = temporary(`# made on a Monday\n${first}\n`)
  return {
    provider: keyFile(path),
    rotate: () => writeFileSync(path, `${randomBytes(32).toString('hex')}\n${first}\n`),
    stranger: () => keyFile(temporary(fresh())),
  }
})

let variables = 0
testKeys('an environment variable', async () => {
  const name = `SPANWISE_TEST_KEY_${++variables}`
  const set = (variable: string, text: string) => {
    process.env[variable] = text
    onTestFinished(() => {
      delete process.env[variable]
    })
    return keyVariable(variable)
  }
  const first = fresh()
  return {
    provider: set(name, first),
    rotate: () => {
      process.env[name] = `${fresh()}, ${first}`
    },
    stranger: () => set(`${name}_OTHER`, fresh()),
  }
})

/** A key service as one would run it, with what may go wrong. */
interface Service {
  readonly url: string
  readonly asked: string[]
  /** answers of the next requests instead of its own: a status, or none at all */
  readonly faults: (number | 'hang up' | 'nonsense')[]
  rotate(): void
}

async function service(token = 'secret-token'): Promise<Service> {
  const keys = [{ id: 'v1', bytes: randomBytes(32) }]
  const asked: string[] = []
  const faults: Service['faults'] = []
  const server: Server = createServer(async (request, response) => {
    const body = JSON.parse(await textOf(request)) as Record<string, string>
    asked.push(String(request.url))
    const fault = faults.shift()
    const answer = (status: number, value: object | string): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(typeof value === 'string' ? value : JSON.stringify(value))
    }
    if (fault === 'hang up') return void request.socket.destroy()
    if (fault === 'nonsense') return answer(200, '<html>')
    if (fault !== undefined) return answer(fault, { error: 'told to' })
    if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { error: 'who are you' })
    const newest = keys.at(-1) as (typeof keys)[number]
    if (request.url === '/v1/describe') return answer(200, { keyId: newest.id })
    if (request.url === '/v1/wrap') {
      const ciphertext = encrypt(newest.bytes, Buffer.from(body['plaintext'] as string, 'base64'))
      return answer(200, { keyId: newest.id, ciphertext: Buffer.from(ciphertext).toString('base64') })
    }
    try {
      const key = keys.find(({ id }) => id === body['keyId']) ?? newest
      const plaintext = decrypt(key.bytes, Buffer.from(body['ciphertext'] as string, 'base64'))
      answer(200, { plaintext: plaintext.toString('base64') })
    } catch {
      answer(400, { error: 'not mine' })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}/v1`,
    asked,
    faults,
    rotate: () => keys.push({ id: `v${keys.length + 1}`, bytes: randomBytes(32) }),
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += part
  return text
}

const options = (of: Service) => ({ url: of.url, key: 'orders', token: () => 'secret-token', timeout: 500 })

testKeys('a key service', async () => {
  const own = await service()
  return {
    provider: keyService(options(own)),
    rotate: () => own.rotate(),
    stranger: async () => keyService(options(await service())),
  }
})

describe('a key service that fails', () => {
  const code = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'done',
      (error: { code?: unknown }) => error.code,
    )
  const key = new Uint8Array(randomBytes(32))

  it.each([[503], ['hang up'], [429]] as const)('is asked again after %s', async (fault) => {
    const own = await service()
    own.faults.push(fault, fault)
    expect(await code(keyService(options(own)).wrap(key))).toBe('done')
    expect(own.asked).toHaveLength(3)
  })

  it('is given up after some tries, with a clear error', async () => {
    const own = await service()
    own.faults.push(500, 500, 500)
    expect(await code(keyService(options(own)).wrap(key))).toBe('KEYS_UNREACHABLE')
    expect(await code(keyService({ url: 'http://127.0.0.1:9', key: 'k', attempts: 1 }).wrap(key))).toBe(
      'KEYS_UNREACHABLE',
    )
  })

  it('refuses a wrong token, and is not asked again', async () => {
    const own = await service()
    expect(await code(keyService({ ...options(own), token: 'other' }).wrap(key))).toBe('KEYS_DENIED')
    expect(own.asked).toHaveLength(1)
  })

  it('that answers nonsense is told from one that works', async () => {
    const own = await service()
    own.faults.push('nonsense')
    expect(await code(keyService(options(own)).wrap(key))).toBe('KEYS_UNREACHABLE')
  })
})

describe('a key that is not there or not one', () => {
  const code = (work: Promise<unknown>): Promise<unknown> => work.catch((error: { code?: unknown }) => error.code)
  it.each([
    ['', 'KEY_MISSING'],
    ['# only a comment', 'KEY_MISSING'],
    ['c2hvcnQ=', 'KEY_INVALID'],
    ['not a key at all', 'KEY_INVALID'],
  ])('%j is refused with %s', async (text, expected) => {
    expect(await code(keyFile(temporary(text)).current())).toBe(expected)
  })

  it('a missing file and an unset variable are named', async () => {
    await expect(keyFile('/nowhere/key').current()).rejects.toThrow('/nowhere/key')
    await expect(keyVariable('SPANWISE_NOT_SET').current()).rejects.toThrow('SPANWISE_NOT_SET')
  })
})
