import { createAuthRoutes } from 'logto-authkit/next'
import { config } from '../../../logto.js'

/** `/auth/sign-in`, `/auth/sign-in-callback`, `/auth/sign-out` and their like. */
export const { GET, POST } = createAuthRoutes(config)
