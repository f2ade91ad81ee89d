/**
 * Replaces @aws-sdk/endpoint-cache in the bundles (serverless.yml, `alias`). The DynamoDB client creates a cache and never reads it,
 * because none of its commands discovers endpoints any more.
 */
export class EndpointCache {
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }
}
