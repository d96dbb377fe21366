'use server'

import { getAccessToken, signIn, signOut } from 'logto-authkit/next'
import { API, config } from '../../logto.js'

export async function signInAction() {
  await signIn(config, { postRedirectUri: '/account' })
}

export async function signOutAction() {
  await signOut(config)
}

/** An action may renew a token: the browser gets the new cookies with the answer. */
export async function tokenAction() {
  const token = await getAccessToken(config, API)
  return JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).scope
}
