import { authenticate, refusal } from '../../../auth.js'

const products = ['tea', 'coffee']

export async function GET(request) {
  const result = await authenticate(request, { requiredScope: 'read:products' })
  return result.success ? Response.json({ products }) : refusal(result)
}

export async function POST(request) {
  const result = await authenticate(request, { requiredScope: 'write:products' })
  if (!result.success) return refusal(result)
  const body = await request.json().catch(() => undefined)
  if (typeof body?.name !== 'string') return Response.json({ error: 'name is missing' }, { status: 400 })
  products.push(body.name)
  return Response.json({ products }, { status: 201 })
}
