// One Express 5 application, behind the middleware that is measured.

import express from 'express'
import { auth as bearer } from 'express-oauth2-jwt-bearer'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { createExpressAuthMiddleware } from 'logto-authkit/express'

const middlewares = {
  bare: () => (_request, _response, next) => next(),
  ours: ({ logtoUrl, audience, options }) => createExpressAuthMiddleware({ logtoUrl, audience, ...options }),
  jose({ logtoUrl, audience }) {
    const keys = createRemoteJWKSet(new URL(`${logtoUrl}/oidc/jwks`))
    const rules = { issuer: `${logtoUrl}/oidc`, audience, typ: 'at+jwt', requiredClaims: ['sub', 'exp'] }
    return async (request, response, next) => {
      try {
        const token = request.headers.authorization?.slice('Bearer '.length)
        request.auth = (await jwtVerify(token, keys, rules)).payload
        next()
      } catch {
        response.status(401).json({ error: 'Authentication failed' })
      }
    }
  },
  bearer: ({ logtoUrl, audience }) =>
    bearer({ issuer: `${logtoUrl}/oidc`, jwksUri: `${logtoUrl}/oidc/jwks`, audience, tokenSigningAlg: 'ES384' }),
}

process.once('message', (work) => {
  const application = express()
  application.get('/', middlewares[work.kind](work), (_request, response) => response.json({ message: 'hello' }))
  const server = application.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
})
