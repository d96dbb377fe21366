import { getLogtoContext } from 'logto-authkit/next'
import { API, config } from '../../logto.js'
import { signOutAction } from './actions.js'

/** A server component behind `proxy.js`, which lets nobody come here who is not signed in, and renews the token that is shown. */
export default async function Account() {
  const { claims, scopes, error } = await getLogtoContext(config, { getAccessToken: true, resource: API })
  return (
    <main>
      <h1>Hello, {claims.name ?? claims.sub}</h1>
      <dl>
        <dt>User</dt>
        <dd>{claims.sub}</dd>
        <dt>May</dt>
        <dd id="scopes">{error ? error.message : scopes.join(' ')}</dd>
      </dl>
      <form action={signOutAction}>
        <button>Sign out</button>
      </form>
    </main>
  )
}
