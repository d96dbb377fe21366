import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Admission, admit } from './admission.js'
import type { AuthContext } from './auth_context.js'
import { AuthError } from './auth_error.js'
import { KNOWN_OPTIONS, compile } from './compiled_options.js'
import { type Middleware, type NextFunction, type OnDenied, answerDenied } from './native_middleware.js'
import { object, optionalFunction } from './option_checks.js'
import type { VerifyAuthOptions } from './verify_auth_options.js'

/** The options of {@link createExpressAuthMiddleware}. */
export interface ExpressAuthOptions<Request extends IncomingMessage = any> extends VerifyAuthOptions<Request> {
  /** Replaces the answer to requests that are not admitted. Default: the status and the JSON body of the error. */
  onDenied?: OnDenied<Request> | undefined
}

const EXPRESS_OPTIONS: readonly string[] = [...KNOWN_OPTIONS, 'onDenied']

declare global {
  namespace Express {
    interface Request {
      /** Who makes the request: set by `createExpressAuthMiddleware`, on routes behind it. */
      auth?: AuthContext
    }
  }
}

/**
 * A middleware for Express 4 and 5 that sets `req.auth`.
 *
 * It needs no cookie parser. A request that is not admitted is answered here; only unexpected errors, such as one thrown by a
 * function among the options, reach `next(error)`.
 *
 * @throws {@link ConfigError} at once where an option is wrong.
 *
 * @example
 * const auth = createExpressAuthMiddleware({ logtoUrl: 'https://tenant.logto.app', audience: 'https://api.example.com' })
 * app.get('/protected', auth, (req, res) => res.json({ userId: req.auth.userId }))
 */
export function createExpressAuthMiddleware<Request extends IncomingMessage = any>(
  options: ExpressAuthOptions<Request>,
): Middleware<Request> {
  const { onDenied, ...verification } = object('options', options, EXPRESS_OPTIONS)
  optionalFunction('onDenied', onDenied)
  const compiled = compile(verification)
  const denied = (error: unknown, request: Request, response: ServerResponse, next: NextFunction): void => {
    if (!(error instanceof AuthError)) return next(error)
    if (onDenied === undefined) return answerDenied(error, response)
    // What an asynchronous `onDenied` throws must not be lost.
    Promise.resolve()
      .then(() => onDenied(error, request, response, next))
      .catch(next)
  }
  return function logtoAuth(request, response, next) {
    let admission: Admission | Promise<Admission>
    try {
      admission = admit(request as any, compiled)
    } catch (error) {
      return denied(error, request, response, next)
    }
    if (!(admission instanceof Promise)) return admitted(admission, request, response, next)
    // `next` is called outside of the promise's reach, so that what a later handler throws is not taken for a denial.
    admission.then(
      (late) => admitted(late, request, response, next),
      (error) => denied(error, request, response, next),
    )
  }
}

function admitted(admission: Admission, request: object, response: ServerResponse, next: NextFunction): void {
  ;(request as { auth?: AuthContext }).auth = admission.auth
  if (admission.setCookie !== undefined && !response.headersSent) response.appendHeader('set-cookie', admission.setCookie)
  next()
}
