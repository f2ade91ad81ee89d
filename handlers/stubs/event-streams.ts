/**
 * Replaces @smithy/core/event-streams in the bundles (serverless.yml, `alias`). The SDK imports it for an operation that uses an
 * event stream. No such operation is called here; a call of one would fail with this error.
 */
export function EventStreamSerde(): never {
  throw new Error(
    "handlers/stubs/event-streams.ts: an operation with an event stream needs the SDK's module",
  );
}

/** A client with some operations of this kind calls these two when it is made. */
export const eventStreamSerdeProvider = (): undefined => undefined;
export const resolveEventStreamSerdeConfig = <Configuration>(configuration: Configuration): Configuration =>
  configuration;
