// The routes, each behind what it asks of its visitors.

import express from 'express'
import { createExpressAuthMiddleware } from 'logto-authkit/express'

export function application({ logtoUrl, audience }) {
  const auth = (options) => createExpressAuthMiddleware({ logtoUrl, audience, ...options })
  const products = ['tea', 'coffee']
  const app = express()
  app.use(express.json())

  app.get('/api/me', auth(), ({ auth: { userId, payload } }, response) => {
    response.json({ userId, scopes: payload.scope?.split(' ') ?? [] })
  })

  app.get('/api/products', auth({ requiredScope: 'read:products' }), (_request, response) => {
    response.json({ products })
  })

  app.post('/api/products', auth({ requiredScope: 'write:products' }), ({ body }, response) => {
    if (typeof body?.name !== 'string') return response.status(400).json({ error: 'name is missing' })
    products.push(body.name)
    response.status(201).json({ products })
  })

  // Tokens of another organization, and of none, are refused.
  const member = auth({ organization: (request) => request.params.id })
  app.get('/api/organizations/:id/products', member, ({ params, auth: { userId } }, response) => {
    response.json({ organization: params.id, userId, products })
  })

  // Whoever has no token gets a cookie with an id of their own.
  app.get('/api/visitors', auth({ allowGuest: true }), ({ auth }, response) => {
    response.json(auth.isAuthenticated ? { userId: auth.userId } : { guestId: auth.guestId })
  })

  return app
}
