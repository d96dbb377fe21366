import { authenticate, refusal } from '../../../auth.js'

export async function GET(request) {
  const result = await authenticate(request)
  if (!result.success) return refusal(result)
  const { userId, payload } = result.auth
  return Response.json({ userId, scopes: payload.scope?.split(' ') ?? [] })
}
