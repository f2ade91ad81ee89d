/** Why a token is not taken, in words that its holder may read: nothing of the token is in them. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}
