/**
 * Stands for @smithy/core/event-streams in the bundles (serverless.yml, `alias`). The SDK imports it when an operation answers with a
 * stream of events; none that is called here does. One that did would reject with this.
 */
throw new Error("handlers/stubs/event-streams.ts: an operation that streams events needs the SDK's own");
export {};
