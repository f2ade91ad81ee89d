/** An error that the user can correct: commands print its message as one line, without a stack trace. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
}
