// The one place that knows how people sign in.

export const config = {
  endpoint: process.env.LOGTO_URL,
  appId: process.env.LOGTO_APP_ID,
  appSecret: process.env.LOGTO_APP_SECRET,
  baseUrl: process.env.BASE_URL,
  // Sessions are sealed in cookies: `openssl rand -hex 32`.
  cookieSecret: process.env.COOKIE_SECRET,
  resources: process.env.LOGTO_AUDIENCE ? [process.env.LOGTO_AUDIENCE] : [],
  scopes: ['read:products'],
}

export const API = process.env.LOGTO_AUDIENCE
