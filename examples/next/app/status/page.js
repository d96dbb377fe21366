import { getLogtoContext } from 'logto-authkit/next'
import { API, config } from '../../logto.js'
import { signInAction } from '../account/actions.js'

/** A server component that nothing stands before: it shows what is there, and asks Logto for nothing. */
export default async function Status() {
  const { isAuthenticated, error } = await getLogtoContext(config, { getAccessToken: true, resource: API })
  return (
    <main>
      <h1>{isAuthenticated ? 'Signed in' : 'Not signed in'}</h1>
      <p id="token">{!isAuthenticated ? 'nobody' : error ? error.code : 'a token is there'}</p>
      {isAuthenticated || (
        <form action={signInAction}>
          <button>Sign in</button>
        </form>
      )}
    </main>
  )
}
