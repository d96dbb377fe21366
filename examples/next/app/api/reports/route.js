import { headers } from 'next/headers'

/** Behind `proxy.js`, which lets nobody come here without a token. */
export async function GET() {
  return Response.json({ report: 'two products', for: (await headers()).get('x-user-id') })
}
