/** Why a cron expression is refused. */
export type Reason = 'syntax' | 'both-days-required' | 'never';

/** A cron expression that cannot be used; the message says why and what to write instead, and is fit for its author. */
export class CronRefused extends Error {
  override readonly name = 'CronRefused';
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}
