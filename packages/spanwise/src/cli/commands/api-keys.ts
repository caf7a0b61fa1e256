import { type ApiKey, type Grant, type Role, roles } from '../../app/index.ts'
import { SpanwiseError } from '../../journal/index.ts'
import type { Duration } from '../../workflow/index.ts'
import { type Common, client } from '../open.ts'
import { listing } from '../output/blocks.ts'
import { ago, until } from '../output/time.ts'
import { jsonable } from '../output/value.ts'
import type { Terminal } from '../terminal.ts'
import { exitCode, usage } from '../usage.ts'

export interface CreateKeyOptions extends Common {
  readonly role: readonly string[]
  readonly tenant?: readonly string[]
  readonly approves?: readonly string[]
  readonly expires?: string
}

export async function createKey(terminal: Terminal, name: string, options: CreateKeyOptions): Promise<number> {
  const wrong = options.role.find((role) => !roles.includes(role as Role))
  if (wrong !== undefined) throw usage(`There is no role "${wrong}".`, `There are: ${roles.join(', ')}.`)
  const grants = (options.tenant ?? ['*']).map(
    (tenant): Grant => ({
      tenant,
      roles: options.role as readonly Role[],
      ...(options.approves === undefined ? {} : { approves: options.approves }),
    }),
  )
  const expires = options.expires as Duration | undefined
  return client(
    options,
    async (app) => {
      const key = await app.createApiKey({ name, grants, ...(expires === undefined ? {} : { expires }) })
      if (terminal.json) {
        terminal.data(jsonable(key))
        return exitCode.ok
      }
      terminal.out(key.secret)
      terminal.note(`key ${key.id} for ${name}: ${grantsText(key)}; the line above is shown this once`)
      return exitCode.ok
    },
    { create: true },
  )
}

export async function listKeys(terminal: Terminal, options: Common): Promise<number> {
  return client(options, async (app) => {
    const items = await app.apiKeys()
    if (terminal.json) {
      terminal.data({ keys: jsonable(items) })
      return exitCode.ok
    }
    const columns = [
      { title: 'KEY', cell: (key: ApiKey) => key.id },
      { title: 'NAME', cell: (key: ApiKey) => key.name, flexible: true },
      { title: 'MAY', cell: grantsText, flexible: true },
      { title: 'MADE', cell: (key: ApiKey) => ago(key.createdAt), spare: true },
      { title: 'COUNTS', cell: counts },
    ]
    listing(terminal, { items }, columns, 'no keys yet: spanwise api-keys create <name> --role operator')
    return exitCode.ok
  })
}

export async function revokeKey(terminal: Terminal, id: string, options: Common): Promise<number> {
  return client(options, async (app) => {
    if (!(await app.revokeApiKey(id))) {
      throw new SpanwiseError({
        code: 'API_KEY_UNKNOWN',
        message: `There is no key ${id} that counts.`,
        hint: 'spanwise api-keys lists them.',
      })
    }
    if (terminal.json) terminal.data({ key: id, revoked: true })
    else terminal.out(`key ${id} is revoked`)
    return exitCode.ok
  })
}

function counts({ expiresAt, revokedAt }: ApiKey): string {
  if (revokedAt !== undefined) return `revoked ${ago(revokedAt)}`
  if (expiresAt === undefined) return 'yes'
  return expiresAt.getTime() <= Date.now() ? `expired ${ago(expiresAt)}` : `ends ${until(expiresAt)}`
}

function grantsText({ grants }: Pick<ApiKey, 'grants'>): string {
  return grants
    .map(({ tenant, roles: may }) => `${may.join(', ')} of ${tenant === '*' ? 'all tenants' : tenant}`)
    .join('; ')
}
