import type { Hooks, Writers } from './framework.ts';

/** Advice for what CloudFormation reports and does not explain: how the reason is recognised, and what to do. */
const adviceFor: { reason: RegExp; advice: string }[] = [
  {
    // EKS: "… the targeted availability zone …", as UnsupportedAvailabilityZoneException.
    reason: /UnsupportedAvailabilityZone|targeted availability zone/,
    advice:
      'EKS does not create clusters in some availability zones (zone ids use1-az3, usw1-az2, cac1-az3); which letter such a ' +
      'zone has differs between accounts. `aws ec2 describe-availability-zones` shows both. Deploy again ' +
      'with two other zones, such as --param zones=us-east-1b,us-east-1c',
  },
];

/** Explains a failed command, before the framework prints the failure itself. */
export default class FailureAdvice {
  readonly hooks: Hooks;

  constructor(_serverless: unknown, _options: unknown, { log }: Writers) {
    this.hooks = {
      error: (failure) => {
        const message = failure instanceof Error ? failure.message : String(failure);
        for (const { reason, advice } of adviceFor) if (reason.test(message)) log.warning(advice);
      },
    };
  }
}
