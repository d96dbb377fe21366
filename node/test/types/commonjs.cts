// The same package from CommonJS.
import server = require('logto-authkit/server')
import testing = require('logto-authkit/testing')
import { createExpressAuthMiddleware } from 'logto-authkit/express'
import { verifyNextAuth } from 'logto-authkit/next'

const options: server.VerifyAuthOptions = { logtoUrl: 'https://tenant.logto.app', audience: 'https://api.example.com' }

export async function run(): Promise<string | null> {
  const issuer = await testing.DevIssuer.start()
  createExpressAuthMiddleware(options)
  await verifyNextAuth({ headers: {} }, options)
  // @ts-expect-error options are required
  createExpressAuthMiddleware()
  return (await server.verifyAuth(issuer.token(), options)).userId
}
