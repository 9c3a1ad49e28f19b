import { API_VERSION } from '../../core/api.ts'
import { Refusal } from './refusal.ts'

const SUBPROTOCOL_PREFIX = 'bearer.'

/** The token of an `Authorization: Bearer` header. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9_-]+)$/i.exec(authorization ?? '')?.[1]
}

/** A WebSocket's token: that header, or, as pages cannot set one, the subprotocol `bearer.<token>`. */
export function socketTokenOf(
  authorization: string | undefined,
  subprotocols: readonly string[],
): string | undefined {
  const offered = subprotocols.find((name) => name.startsWith(SUBPROTOCOL_PREFIX))
  return bearerOf(authorization) ?? offered?.slice(SUBPROTOCOL_PREFIX.length)
}

/** The only subprotocol that is ever answered, so that a token never comes back. */
export const SUBPROTOCOL = API_VERSION

/** The answer to a call without a token that is accepted. */
export function missingToken(): Refusal {
  return new Refusal(
    401,
    'missing_token',
    'A valid token is missing. To open the dashboard run "vibetea open"; programs send the token of the file ' +
      'api-token in VIBETEA_HOME as "Authorization: Bearer".',
    { 'WWW-Authenticate': 'Bearer' },
  )
}
