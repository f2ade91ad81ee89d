/**
 * Replaces @smithy/core/event-streams in the bundles (serverless.yml, `alias`). The SDK imports it for an operation that returns an
 * event stream. No such operation is called here; a call of one would fail with this error.
 */
throw new Error("handlers/stubs/event-streams.ts: an operation with an event stream needs the SDK's module");
export {};
