// The one place that knows the Logto server and the resource.

import { verifyNextAuth } from 'logto-authkit/next'

/** Who makes a request: one of Next.js, or `{headers, cookies}` in a server component. */
export function authenticate(request, options) {
  const { LOGTO_URL: logtoUrl, LOGTO_AUDIENCE: audience } = process.env
  return verifyNextAuth(request, { logtoUrl, audience, ...options })
}

/** The answer to a request that was refused. */
export function refusal({ error, code, status, headers }) {
  return Response.json({ error, code }, { status, headers })
}
