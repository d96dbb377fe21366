import { authenticate, refusal } from '../../../../../auth.js'

/** Tokens of another organization, and of none, are refused. */
export async function GET(request, { params }) {
  const { id } = await params
  const result = await authenticate(request, { organization: id })
  if (!result.success) return refusal(result)
  return Response.json({ organization: id, userId: result.auth.userId, products: ['tea', 'coffee'] })
}
