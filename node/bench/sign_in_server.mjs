// One Express 5 application, with a page that says who is signed in.
//
// It listens before it is told what to serve: the issuer has to know its address, and it the issuer's.

import { createServer } from 'node:http'
import { handleAuthRoutes as theirRoutes, withLogto as theirContext } from '@logto/express'
import { RedisStore } from 'connect-redis'
import express from 'express'
import session from 'express-session'
import { handleAuthRoutes, withLogto } from 'logto-authkit/express'
import { createClient } from 'redis'

const SECRET = 'thirty-two random bytes, or more of them'

const kinds = {
  bare(application) {
    application.get('/', page(() => 'user_alice'))
  },
  session(application, { store }) {
    application.use(expressSession(store))
    application.get('/auth/sign-in', (request, response) => {
      request.session.userId = 'user_alice'
      response.redirect('/')
    })
    application.get('/', page((request) => request.session.userId))
  },
  ours(application, { config, redis }) {
    const own = { ...config, sealingKeys: SECRET, sessions: redis === undefined ? 'cookies' : { redis } }
    application.use(handleAuthRoutes(own))
    application.get('/', withLogto(own), page(signedIn))
  },
  theirs(application, { config, store }) {
    const own = { ...config, authRoutesPrefix: 'auth' }
    application.use(expressSession(store))
    application.use(theirRoutes(own))
    application.get('/', theirContext(own), page(signedIn))
  },
}

/** Answers 401 where nobody is signed in, at which the load stops. */
function page(userIdOf) {
  return (request, response) => {
    const userId = userIdOf(request)
    response.status(userId === undefined ? 401 : 200).json({ userId })
  }
}

function signedIn({ user }) {
  return user.isAuthenticated ? user.claims.sub : undefined
}

/** In memory where there is no store. */
function expressSession(store) {
  return session({ secret: SECRET, resave: false, saveUninitialized: false, store })
}

const server = createServer().listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))

process.once('message', async ({ kind, redis, config }) => {
  const isTheirStore = redis !== undefined && kind !== 'ours'
  const store = isTheirStore ? new RedisStore({ client: await createClient({ url: redis }).connect() }) : undefined
  const application = express()
  kinds[kind](application, { config, redis, store })
  server.on('request', application)
  process.send('ready')
})
process.once('disconnect', () => process.exit())
