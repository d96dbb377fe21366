import { withLogtoApiRoute } from 'logto-authkit/next'
import { config } from '../../logto.js'

/** The Pages Router has the same session. */
export default withLogtoApiRoute(config, (request, response) => {
  response.json({ isAuthenticated: request.user.isAuthenticated, userId: request.user.claims?.sub })
})
