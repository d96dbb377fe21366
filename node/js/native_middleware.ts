import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthError } from './auth_error.js'

/** What calls a middleware's successor. */
export type NextFunction = (error?: unknown) => void

/**
 * A middleware over Node.js' own types, which Express 4 and 5, Connect, Polka and others share.
 */
export type Middleware<Request extends IncomingMessage = IncomingMessage> = (
  request: Request,
  response: ServerResponse,
  next: NextFunction,
) => void

/**
 * Replaces the answer to a request that is not admitted. It must answer, or call `next`.
 */
export type OnDenied<Request extends IncomingMessage = IncomingMessage> = (
  error: AuthError,
  request: Request,
  response: ServerResponse,
  next: NextFunction,
) => unknown

/**
 * Answers a request that is not admitted, unless somebody has answered it meanwhile.
 *
 * @internal
 */
export function answerDenied(error: AuthError, response: ServerResponse): void {
  if (response.headersSent || response.writableEnded) return
  response.statusCode = error.status
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
  response.end(error.body)
}
