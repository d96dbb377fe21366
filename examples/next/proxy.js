// Stands before everything under /api/reports, and tells the route handlers there who is asking.

import { NextResponse } from 'next/server'
import { authenticate, refusal } from './auth.js'

export async function proxy(request) {
  const result = await authenticate(request, { requiredScope: 'read:products' })
  if (!result.success) return refusal(result)
  const headers = new Headers(request.headers)
  // Takes the place of a header of this name that the request may have brought.
  headers.set('x-user-id', result.auth.userId)
  return NextResponse.next({ request: { headers } })
}

export const config = { matcher: '/api/reports/:path*' }
