import { authenticate, refusal } from '../../../auth.js'

/** Whoever has no token gets a cookie with an id of their own. */
export async function GET(request) {
  const result = await authenticate(request, { allowGuest: true })
  if (!result.success) return refusal(result)
  const { auth, headers } = result
  return Response.json(auth.isAuthenticated ? { userId: auth.userId } : { guestId: auth.guestId }, { headers })
}
