import { OAuth2Server } from 'oauth2-mock-server'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Grant } from '../../packages/spanwise/src/app/index.ts'
import { listen } from '../../packages/spanwise/src/server/index.ts'
import { testApp } from '../../packages/spanwise/src/testing/index.ts'
import { approval, workflow } from '../../packages/spanwise/src/workflow/index.ts'
import { type Api, api, clientOf } from './support.ts'

const asks = workflow('asks', { input: z.string() }, async (order) => {
  const { by } = await approval(`pay ${order}?`, { role: 'finance' })
  return by
})
const workflows = [asks]

describe('a server that others could reach', () => {
  it('does not start without authentication, and does with it', async () => {
    await using app = await testApp({ workflows })
    await expect(listen(app, { host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'AUTH_REQUIRED' })
    await expect(listen(app, { host: '::', port: 0 })).rejects.toMatchObject({ code: 'AUTH_REQUIRED' })
    const server = await listen(app, { host: '0.0.0.0', port: 0, auth: {} })
    onTestFinished(() => server.close())
    expect((await fetch(`http://127.0.0.1:${server.port}/api/v1/me`)).status).toBe(401)
    expect((await fetch(`http://127.0.0.1:${server.port}/livez`)).status).toBe(200)
  })
})

describe('a server of this machine only', () => {
  const me = '/api/v1/me'

  it('refuses other hosts, proxies and other machines', async () => {
    const { send, server } = await api({ workflows })
    expect((await send(me)).status).toBe(200)
    expect((await server.fetch(new Request('http://evil.example/api/v1/me'))).status).toBe(421)
    expect((await server.fetch(new Request('http://127.0.0.1.evil.example/api/v1/me'))).status).toBe(421)
    expect((await send(me, { headers: { 'x-forwarded-for': '10.0.0.7' } })).status).toBe(401)
    const away = await server.fetch(new Request('http://localhost/api/v1/me'), { address: '10.0.0.7' })
    expect(away.status).toBe(401)
    const here = await server.fetch(new Request('http://localhost/api/v1/me'), { address: '::ffff:127.0.0.1' })
    expect(here.status).toBe(200)
  })

  it('refuses pages of others, but for those that are named', async () => {
    const { send } = await api({ workflows }, { origins: ['https://console.example'] })
    const post = (headers: Record<string, string>) =>
      send('/api/v1/runs', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ workflow: 'asks', input: 'x' }),
      })
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await post({ origin: 'null' })).status).toBe(403)
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await post({ origin: 'http://localhost' })).status).toBe(201)
    const named = await post({ origin: 'https://console.example' })
    expect([named.status, named.headers.get('access-control-allow-origin')]).toEqual([201, 'https://console.example'])
    const read = await send(me, { headers: { origin: 'https://evil.example' } })
    expect(read.headers.get('access-control-allow-origin')).toBeNull()
    expect(read.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  })
})

describe('keys', () => {
  const keyed = async (): Promise<Api> => api({ workflows }, { auth: {} })

  it('count until they expire or are revoked, and are kept as hashes', async () => {
    const { app, server } = await keyed()
    const grants: readonly Grant[] = [{ tenant: '*', roles: ['admin'] }]
    const root = await app.createApiKey({ name: 'root', grants })
    const client = clientOf(server, root.secret)
    const short = await client.createKey({
      name: 'short',
      grants: [{ tenant: 'acme', roles: ['viewer'] }],
      expires: '1h',
    })
    expect(short.secret).toMatch(/^sw_[0-9a-f]{12}_[\w-]{43}$/)
    const secrets = JSON.stringify(await client.listKeys())
    expect(secrets).not.toContain(short.secret.slice(16))
    expect(await clientOf(server, short.secret).whoAmI()).toMatchObject({ name: 'short' })
    const guess = `${short.secret.slice(0, -1)}${short.secret.endsWith('A') ? 'B' : 'A'}`
    await expect(clientOf(server, guess).whoAmI()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await app.advance('1h')
    // what was found is remembered for a second
    await expect
      .poll(() =>
        clientOf(server, short.secret)
          .whoAmI()
          .catch((error) => error.code),
      )
      .toBe('UNAUTHENTICATED')
    const other = await client.createKey({ name: 'other', grants: [{ tenant: 'acme', roles: ['viewer'] }] })
    await client.revokeKey({ key: other.id })
    await expect(clientOf(server, other.secret).whoAmI()).rejects.toMatchObject({ status: 401 })
  })

  it('of an admin of one tenant give nothing beyond it', async () => {
    const { app, server } = await keyed()
    const made = await app.createApiKey({ name: 'a', grants: [{ tenant: 'acme', roles: ['admin'] }] })
    const client = clientOf(server, made.secret)
    for (const tenant of ['*', 'beta']) {
      await expect(client.createKey({ name: 'x', grants: [{ tenant, roles: ['viewer'] }] })).rejects.toMatchObject({
        code: 'FORBIDDEN',
      })
    }
    await client.createKey({ name: 'x', grants: [{ tenant: 'acme', roles: ['operator'] }] })
    await app.createApiKey({
      name: 'both',
      grants: [
        { tenant: 'acme', roles: ['viewer'] },
        { tenant: 'b', roles: ['viewer'] },
      ],
    })
    expect((await client.listKeys()).items.map(({ name }) => name).sort()).toEqual(['a', 'x'])
  })

  it('answer only approvals of their roles, under their name', async () => {
    const { app, server } = await keyed()
    const run = await app.start(asks, 'o-7', { tenant: 'acme' })
    await app.idle()
    const [question] = (await app.approvals()).items
    const approvalId = question?.id as string
    const key = async (approves?: readonly string[]) => {
      const grant = { tenant: 'acme', roles: ['approver' as const], ...(approves === undefined ? {} : { approves }) }
      return clientOf(server, (await app.createApiKey({ name: `for ${approves}`, grants: [grant] })).secret)
    }
    for (const approves of [undefined, ['legal']]) {
      const client = await key(approves)
      expect((await client.listApprovals()).items[0]?.mayDecide).toBe(false)
      await expect(client.decideApproval({ approval: approvalId, approve: true })).rejects.toMatchObject({
        status: 403,
      })
    }
    await (await key(['finance'])).decideApproval({ approval: approvalId, approve: true })
    expect(await run.result()).toBe('for finance')
  })

  it('pass a question on where they may answer it: then who has the other role answers, and they do not', async () => {
    const { app, server } = await keyed()
    const run = await app.start(asks, 'o-8', { tenant: 'acme' })
    await app.idle()
    const key = async (name: string, approves: readonly string[], tenant = 'acme') => {
      const grants = [{ tenant, roles: ['approver' as const], approves }]
      return clientOf(server, (await app.createApiKey({ name, grants })).secret)
    }
    const [ann, lea, eve, ada] = await Promise.all([
      key('ann', ['finance']),
      key('lea', ['lead']),
      key('eve', ['finance'], 'beta'),
      key('ada', ['legal']),
    ])
    const [first] = (await app.approvals()).items
    const asked = { approval: first?.id as string }
    // nobody takes it who could not answer it, also not to themselves
    for (const other of [lea, ada])
      await expect(other.delegateApproval({ ...asked, to: 'legal' })).rejects.toMatchObject({ status: 403 })
    await expect(eve.delegateApproval({ ...asked, to: 'finance' })).rejects.toMatchObject({ status: 404 })
    await expect(ann.delegateApproval({ ...asked, to: 'finance' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await ann.delegateApproval({ ...asked, to: 'lead', reason: 'not my desk' })
    await app.idle()
    await app.crash()
    // the question that she had is no way in any more
    await expect(ann.decideApproval({ ...asked, approve: true })).rejects.toMatchObject({ status: 409 })
    await expect(ann.delegateApproval({ ...asked, to: 'legal' })).rejects.toMatchObject({ status: 409 })
    const [second] = (await lea.listApprovals()).items
    expect(second).toMatchObject({ role: 'lead', mayDecide: true })
    const now = { approval: second?.id as string }
    await expect(ann.decideApproval({ ...now, approve: true })).rejects.toMatchObject({ status: 403 })
    await lea.decideApproval({ ...now, approve: true })
    expect(await run.result()).toBe('lea')
    const decided = []
    for await (const { kind, payload } of run.events()) if (kind === 'approval.decided') decided.push(payload)
    expect(decided).toMatchObject([
      { by: 'ann', delegateTo: 'lead', reason: 'not my desk' },
      { by: 'lea', approve: true },
    ])
  })

  it('are limited to a rate, each by itself; so are wrong ones', async () => {
    const { app, server, send } = await api({ workflows }, { auth: {}, rate: { perSecond: 0.001, burst: 3 } })
    const grants: readonly Grant[] = [{ tenant: '*', roles: ['viewer'] }]
    const [one, two] = [await app.createApiKey({ name: '1', grants }), await app.createApiKey({ name: '2', grants })]
    for (let n = 0; n < 3; n++) await clientOf(server, one.secret).whoAmI()
    await expect(clientOf(server, one.secret).whoAmI()).rejects.toMatchObject({ status: 429, code: 'RATE_LIMITED' })
    await clientOf(server, two.secret).whoAmI()
    const statuses = new Set<number>()
    for (let n = 0; n < 40; n++)
      statuses.add((await send('/api/v1/me', { headers: { authorization: 'Bearer sw_x' } })).status)
    expect(statuses).toEqual(new Set([401, 429]))
  })
})

describe('tokens of an OpenID provider', () => {
  it('count with its signature, issuer, audience and time, and give what their claims allow', async () => {
    const provider = new OAuth2Server()
    await provider.issuer.keys.generate('RS256')
    await provider.start(0, '127.0.0.1')
    onTestFinished(() => provider.stop())
    const issuer = provider.issuer.url as string
    const oidc = {
      issuer,
      audience: 'spanwise',
      grants: (claims: Readonly<Record<string, unknown>>): readonly Grant[] => [
        { tenant: String(claims['org']), roles: ['viewer', 'operator'] },
      ],
    }
    const { server } = await api({ workflows }, { auth: { keys: false, oidc } })
    const token = (change: (payload: Record<string, unknown>) => void = () => {}) =>
      provider.issuer.buildToken({
        scopesOrTransform: (_header, payload) => {
          Object.assign(payload, { aud: 'spanwise', sub: 'u-1', email: 'ann@example.com', org: 'acme' })
          change(payload as Record<string, unknown>)
        },
      })
    const good = clientOf(server, await token())
    expect(await good.whoAmI()).toEqual({
      name: 'ann@example.com',
      isLocal: false,
      grants: [{ tenant: 'acme', roles: ['viewer', 'operator'] }],
    })
    expect((await good.startRun({ workflow: 'asks', input: 'x' })).tenant).toBe('acme')
    const wrong = [
      await token((payload) => Object.assign(payload, { aud: 'another' })),
      await token((payload) => Object.assign(payload, { iss: 'https://evil.example' })),
      await token((payload) => Object.assign(payload, { exp: Math.floor(Date.now() / 1_000) - 60 })),
      await token((payload) => Reflect.deleteProperty(payload, 'exp')),
      `${(await token()).slice(0, -6)}AAAAAA`,
      unsigned({ iss: issuer, aud: 'spanwise', sub: 'u-1', org: 'acme', exp: Math.floor(Date.now() / 1_000) + 60 }),
    ]
    for (const one of wrong) await expect(clientOf(server, one).whoAmI()).rejects.toMatchObject({ status: 401 })
  })

  it('are not taken on trust from a provider that cannot be asked, or without https', async () => {
    const oidc = { issuer: 'http://127.0.0.1:9', audience: 'x', grants: () => [] }
    const { server } = await api({ workflows }, { auth: { oidc } })
    await expect(clientOf(server, 'ey.a.b').whoAmI()).rejects.toMatchObject({ status: 503, code: 'PROVIDER_FAILED' })
    await expect(
      api({ workflows }, { auth: { oidc: { ...oidc, issuer: 'http://login.example' } } }),
    ).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})

function unsigned(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`
}
