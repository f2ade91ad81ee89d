/**
 * The names by which AWS services report that a caller must slow down: those of which the SDK knows it (THROTTLING_ERROR_CODES in
 * @smithy/core), of Step Functions (KmsThrottlingException, ExecutionLimitExceeded), and of DynamoDB's BatchGetItem and
 * transactions (TransactionInProgressException: the same request is still being processed).
 */
const throttlingName =
  /Throttl|TooManyRequests|RequestLimitExceeded|ThroughputExceeded|BandwidthLimitExceeded|ExecutionLimitExceeded|SlowDown|PriorRequestNotComplete|TransactionInProgress/;

/** The reasons of a cancelled transaction that are throttling. "None" belongs to a write that would have succeeded. */
const throttlingReasons = ['ThrottlingError', 'ProvisionedThroughputExceeded', 'RequestLimitExceeded'];

/** The fields that the SDK adds to an error of a service. Its classes are not used: they would be in every bundle. */
interface ServiceError extends Error {
  $metadata?: { httpStatusCode?: number };
  $retryable?: { throttling?: boolean };
  CancellationReasons?: { Code?: string }[];
}

/**
 * Checks whether an error means that AWS throttles: the request had no effect, and the same request may succeed a few seconds
 * later.
 */
export function isThrottled(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, $metadata, $retryable, CancellationReasons }: ServiceError = error;
  if (CancellationReasons !== undefined) {
    const reasons = CancellationReasons.map(({ Code = 'None' }) => Code).filter((code) => code !== 'None');
    return reasons.length > 0 && reasons.every((code) => throttlingReasons.includes(code));
  }
  return throttlingName.test(name) || $metadata?.httpStatusCode === 429 || $retryable?.throttling === true;
}
