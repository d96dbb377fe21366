// Compiled by `package.test.mjs` in a project that has installed the packed package: what is right must compile, and every line
// below `@ts-expect-error` must not.
import express from 'express'
import type { NextRequest } from './next_request.mjs'
import { createExpressAuthMiddleware } from 'logto-authkit/express'
import { verifyNextAuth } from 'logto-authkit/next'
import {
  AuthError,
  type AuthContext,
  type AuthErrorCode,
  type VerifyAuthOptions,
  hasRole,
  hasScopes,
  jwksStatus,
  requireScopes,
  verifyAuth,
  verifyLogtoToken,
} from 'logto-authkit/server'
import { DevIssuer, type Fault } from 'logto-authkit/testing'

const options: VerifyAuthOptions = { logtoUrl: 'https://tenant.logto.app', audience: ['https://api.example.com'] }

interface MyClaims {
  sub: string
  plan: 'free' | 'gold'
}

export async function typedPayload(token: string): Promise<string> {
  const auth = await verifyAuth<MyClaims>(token, options)
  // @ts-expect-error a guest has no payload
  auth.payload.plan
  if (!auth.isAuthenticated) {
    const id: string = auth.guestId
    const nobody: null = auth.userId
    return `${id} ${nobody}`
  }
  const plan: 'free' | 'gold' = auth.payload.plan
  // @ts-expect-error such a claim is not declared
  auth.payload.other
  return `${plan} ${auth.userId.toUpperCase()}`
}

export async function shapes(request: Request, next: NextRequest): Promise<void> {
  await verifyAuth(request, options)
  await verifyAuth({ headers: { authorization: 'Bearer x' }, cookies: { a: 'b' } }, options)
  await verifyAuth({ headers: new Headers(), cookies: next.cookies, method: 'POST' }, options)
  const alone = await verifyLogtoToken('x', options)
  const id: string = alone.userId
  // @ts-expect-error a number is no request
  await verifyAuth(5, options)
  // @ts-expect-error logtoUrl is required
  await verifyAuth(id, { audience: 'x' })
  // @ts-expect-error the mode is all or any
  await verifyAuth(id, { ...options, scopeMode: 'some' })
  // @ts-expect-error symmetric algorithms are none
  await verifyAuth(id, { ...options, algorithms: ['HS256'] })
  const result = await verifyNextAuth(next, { ...options, organization: (request: NextRequest) => request.headers.get('x-org') })
  if (result.success) result.auth.payload?.scope
  else new Response(result.error, { status: result.status, headers: result.headers })
  // @ts-expect-error only a refusal has a code
  result.code
}

export function expressApplication(): void {
  const application = express()
  const auth = createExpressAuthMiddleware({
    ...options,
    organization: (request: express.Request) => request.get('x-organization'),
    onDenied: (error, _request, response) => response.writeHead(error.status).end(),
  })
  application.get('/', auth, (request, response) => {
    const context: AuthContext | undefined = request.auth
    response.json({ userId: context?.userId })
  })
}

export function permissions(auth: AuthContext): AuthErrorCode | undefined {
  const both: boolean = hasScopes(auth, ['a', 'b'], { mode: 'any' }) && hasRole(auth, 'admin', { claimKeys: ['roles'] })
  try {
    requireScopes({ ...auth.payload!, scope: 'a' }, 'a')
  } catch (error) {
    if (error instanceof AuthError && both) return error.code
  }
  const age: number | undefined = jwksStatus('https://tenant.logto.app').ageMs
  return age === undefined ? undefined : 'missing_scope'
}

export async function issuer(): Promise<void> {
  const issuer = await DevIssuer.start()
  const fault: Fault = { kind: 'latency', milliseconds: 5 }
  issuer.setFault('jwks', fault)
  // @ts-expect-error a status needs its number
  issuer.setFault('jwks', { kind: 'status' })
  await issuer.stop()
}
