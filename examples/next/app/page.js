import { cookies, headers } from 'next/headers'
import { authenticate } from '../auth.js'

/** A server component: who is asking is known before anything is rendered. */
export default async function Page() {
  const result = await authenticate({ headers: await headers(), cookies: await cookies() })
  return (
    <main>
      <h1>Next.js behind Logto</h1>
      {result.success ? <Profile {...result.auth} /> : <p>Nobody brings a token: {result.error}</p>}
      <p>
        <a href="/account">Your account</a>
      </p>
    </main>
  )
}

function Profile({ userId, payload }) {
  return (
    <dl>
      <dt>User</dt>
      <dd>{userId}</dd>
      <dt>Scopes</dt>
      <dd>{payload.scope ?? 'none'}</dd>
      <dt>Until</dt>
      <dd>{new Date(payload.exp * 1000).toISOString()}</dd>
    </dl>
  )
}
