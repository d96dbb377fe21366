// Compiled by `package.test.mjs` in a project that has installed the packed package: what is right must compile, and every line
// below `@ts-expect-error` must not.
import express from 'express'
import type { NextRequest } from './next_request.mjs'
import {
  type LogtoConfig,
  LogtoClient,
  type Storage,
  createExpressAuthMiddleware,
  handleAuthRoutes,
  requireSignIn,
  withLogto,
} from 'logto-authkit/express'
import {
  SignInError,
  createAuthRoutes,
  getAccessToken,
  getLogtoContext,
  protect,
  signIn as signInOfAction,
  verifyNextAuth,
} from 'logto-authkit/next'
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

const config: LogtoConfig = { endpoint: 'https://tenant.logto.app', appId: 'app', appSecret: 'secret', resources: ['https://api.example.com'] }

export function signIn(): void {
  const app = express()
  app.use(handleAuthRoutes(config))
  app.get('/', withLogto(config), (request, response) => {
    if (request.user.isAuthenticated) {
      return response.end(`Hello, ${request.user?.claims?.name}`)
    }
    return response.redirect('/auth/sign-in')
  })
  app.get('/token', withLogto(config), requireSignIn(), async (request, response) => {
    const token: string = await request.logto.getAccessToken('https://api.example.com')
    response.json({ token, roles: request.user.claims?.roles?.join(' '), missing: request.user.error?.code })
    // @ts-expect-error there is no such member
    request.user.name
  })
  const client = new LogtoClient(config, { storage: new Map([['a', 'b']]) as unknown as Storage, navigate: (url) => url.length })
  void client.signIn({ redirectUri: 'https://app.example.com/callback', firstScreen: 'register' })
  // @ts-expect-error there is no such screen
  void client.signIn({ redirectUri: 'https://app.example.com/callback', firstScreen: 'registration' })
  // @ts-expect-error the endpoint is required
  withLogto({ appId: 'app' })
  // @ts-expect-error there is no such place
  withLogto({ ...config, sessions: 'file' })
}

export async function signInOfNext(): Promise<string> {
  const { GET, POST } = createAuthRoutes(config)
  const answer: Response = await GET(new Request('https://app.example.com/auth/user'))
  const proxy: (request: NextRequest & Request) => Promise<Response> = protect(config)
  void [answer, POST, proxy]
  const { claims } = await getLogtoContext(config)
  if (claims === undefined) await signInOfAction(config, { postRedirectUri: '/account' })
  try {
    return await getAccessToken(config, 'https://api.example.com')
  } catch (error) {
    if (error instanceof SignInError && error.code === 'not_authenticated') return String(error.retryAfter?.toFixed())
    throw error
  }
}

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
