// Where tokens come from: the Logto server that the environment names, or else a development issuer inside this process.

import { DevIssuer } from 'logto-authkit/testing'

const { LOGTO_URL, LOGTO_AUDIENCE } = process.env

export async function findIssuer() {
  if (LOGTO_URL && LOGTO_AUDIENCE) {
    return { logtoUrl: LOGTO_URL, audience: LOGTO_AUDIENCE, commands: () => [], stop() {} }
  }
  const issuer = await DevIssuer.start()
  return {
    logtoUrl: issuer.logtoUrl,
    audience: 'https://api.example.com',
    commands: (url) => commands(issuer, url),
    stop: () => issuer.stop(),
  }
}

/** Requests to copy and paste, with tokens that are good for an hour. */
function commands(issuer, url) {
  const token = issuer.token()
  const member = issuer.token({ organizationId: 'org_demo' })
  return [
    `curl --cookie 'logto_authtoken=${token}' ${url}/`,
    `curl -H 'authorization: Bearer ${token}' ${url}/api/me`,
    `curl -H 'authorization: Bearer ${token}' ${url}/api/products`,
    `curl -H 'authorization: Bearer ${token}' ${url}/api/reports`,
    `curl -H 'authorization: Bearer ${member}' ${url}/api/organizations/org_demo/products`,
    `curl -i ${url}/api/visitors`,
  ]
}
