import { getAccessToken, SignInError } from 'logto-authkit/next'
import { API, config } from '../../../logto.js'

/** What the session's access token allows: renewed when less than a minute is left, once however many requests need it. */
export async function GET() {
  try {
    const token = await getAccessToken(config, API)
    const { aud, scope } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
    return Response.json({ aud, scope })
  } catch (error) {
    if (!(error instanceof SignInError)) throw error
    return new Response(error.body, { status: error.status, headers: error.headers })
  }
}
