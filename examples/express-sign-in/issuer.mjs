// Where people sign in: at the Logto server that the environment names, or else at a development issuer inside this process.

import { DevIssuer } from 'logto-authkit/testing'

const { LOGTO_URL, LOGTO_APP_ID, LOGTO_APP_SECRET } = process.env

/** @param url - the address of the application, which Logto must know. */
export async function findIssuer(url) {
  if (LOGTO_URL && LOGTO_APP_ID) {
    return { endpoint: LOGTO_URL, appId: LOGTO_APP_ID, appSecret: LOGTO_APP_SECRET, stop() {} }
  }
  const own = {
    kind: 'web',
    id: 'example',
    secret: 'example-secret',
    redirect_uris: [`${url}/auth/sign-in-callback`],
    post_logout_redirect_uris: [`${url}/`],
  }
  const issuer = await DevIssuer.demo({ applications: [own] })
  return { endpoint: issuer.logtoUrl, appId: own.id, appSecret: own.secret, stop: () => issuer.stop() }
}
