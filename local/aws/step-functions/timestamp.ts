/**
 * "Timestamps must conform to the RFC3339 profile of ISO 8601, with an uppercase T and Z" (developer guide, "Wait").
 */
const rfc3339 =
  /^(?<date>\d{4}-\d\d-\d\d)T(?<time>\d\d:\d\d(?<seconds>:\d\d)?)(\.\d{1,9})?(?<zone>Z|[+-]\d\d:\d\d)$/;

/**
 * Parses a timestamp to epoch milliseconds; undefined if the text is not one. "Step Functions considers the time value
 * up to seconds and truncates milliseconds."
 */
export function parseTimestamp(text: string): number | undefined {
  const { date = '', time = '', seconds = ':00', zone = '' } = rfc3339.exec(text)?.groups ?? {};
  const local = Date.parse(`${date}T${time.slice(0, 5)}${seconds}Z`);
  // Date accepts the 30th of February and 24:00 as the day after; AWS's parser does not.
  if (
    Number.isNaN(local) ||
    new Date(local).toISOString().slice(0, 19) !== `${date}T${time.slice(0, 5)}${seconds}`
  )
    return undefined;
  const parsed = Date.parse(`${date}T${time.slice(0, 5)}${seconds}${zone}`);
  return Number.isNaN(parsed) ? undefined : parsed;
}
