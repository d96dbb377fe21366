// Where tokens come from and people sign in: the Logto server that the environment names, or else a development issuer inside this process.

import { DevIssuer } from 'logto-authkit/testing'

const { LOGTO_URL, LOGTO_AUDIENCE, LOGTO_APP_ID } = process.env

/** @param url - the address of the application, which Logto must know. */
export async function findIssuer(url) {
  if (LOGTO_URL && (LOGTO_AUDIENCE || LOGTO_APP_ID)) return { environment: {}, commands: () => [], stop() {} }
  const own = {
    kind: 'web',
    id: 'example',
    secret: 'example-secret',
    redirect_uris: [`${url}/auth/sign-in-callback`, `${url}/api/auth/sign-in-callback`],
    post_logout_redirect_uris: [`${url}/`],
  }
  const issuer = await DevIssuer.demo({ applications: [own] })
  return {
    environment: {
      LOGTO_URL: issuer.logtoUrl,
      LOGTO_AUDIENCE: 'https://api.example.com',
      LOGTO_APP_ID: own.id,
      LOGTO_APP_SECRET: own.secret,
    },
    commands: (url) => commands(issuer, url),
    stop: () => issuer.stop(),
  }
}

/** Requests to copy and paste, with tokens that are good for an hour. */
function commands(issuer, url) {
  const token = issuer.token()
  const member = issuer.token({ organizationId: 'org_demo' })
  return [
    `sign in as alice, with the password alice, at ${url}/account`,
    `curl --cookie 'logto_authtoken=${token}' ${url}/`,
    `curl -H 'authorization: Bearer ${token}' ${url}/api/me`,
    `curl -H 'authorization: Bearer ${token}' ${url}/api/products`,
    `curl -H 'authorization: Bearer ${token}' ${url}/api/reports`,
    `curl -H 'authorization: Bearer ${member}' ${url}/api/organizations/org_demo/products`,
    `curl -i ${url}/api/visitors`,
  ]
}
