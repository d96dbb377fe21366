import { createPagesAuthRoutes } from 'logto-authkit/next'
import { config } from '../../../logto.js'

/** The routes of sign-in once more, for an application that has the Pages Router alone: `/api/auth/sign-in` and its like. */
export default createPagesAuthRoutes(config)
