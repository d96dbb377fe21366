// One process of an application in Express whose sessions are in Redis. It reads the environment of examples/axum-sign-in.

import express from 'express'
import { handleAuthRoutes, requireSignIn, withLogto } from 'logto-authkit/express'
import { API } from './sign_in_world.mjs'

const { PORT, LOGTO_URL, LOGTO_APP_ID, LOGTO_APP_SECRET, BASE_URL, SEALING_KEY, REDIS_URL } = process.env
const config = {
  endpoint: LOGTO_URL,
  appId: LOGTO_APP_ID,
  appSecret: LOGTO_APP_SECRET,
  baseUrl: BASE_URL,
  resources: [API],
  scopes: ['read:products'],
  sealingKeys: SEALING_KEY,
  sessions: { redis: REDIS_URL },
}

const app = express()
app.set('env', 'test')
app.use(handleAuthRoutes(config))
app.use(withLogto(config))
app.get('/', (request, response) => response.json(request.user))
app.get('/account', requireSignIn(), (request, response) => response.send(`You are ${request.user.claims.sub}.\n`))
app.get('/token', async (request, response) => {
  response.json({ token: await request.logto.getAccessToken(API) })
})
app.get('/expire', async (request, response) => {
  await request.logto.clearAccessToken()
  response.json({})
})
app.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${BASE_URL}`))
