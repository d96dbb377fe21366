// Stands before the pages of who is signed in, and before everything under /api/reports, where it tells the route handlers who is asking.

import { NextResponse } from 'next/server'
import { protect } from 'logto-authkit/next'
import { authenticate, refusal } from './auth.js'
import { API, config as logto } from './logto.js'

const account = protect({ ...logto, getAccessToken: true, resource: API })

export async function proxy(request) {
  if (request.nextUrl.pathname.startsWith('/account')) return account(request)
  const result = await authenticate(request, { requiredScope: 'read:products' })
  if (!result.success) return refusal(result)
  const headers = new Headers(request.headers)
  // Takes the place of a header of this name that the request may have brought.
  headers.set('x-user-id', result.auth.userId)
  return NextResponse.next({ request: { headers } })
}

export const config = { matcher: ['/account/:path*', '/api/reports/:path*'] }
