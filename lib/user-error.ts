/** A reason why the service cannot start or go on, which its user can do something about: one clear line, exit 1. */
export class LocalFailure extends Error {
  override readonly name = 'LocalFailure';
}
