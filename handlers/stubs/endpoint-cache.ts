/**
 * Stands for @aws-sdk/endpoint-cache in the bundles (serverless.yml, `alias`): DynamoDB's client makes one and never asks it, for none of
 * its commands discovers endpoints any more.
 */
export class EndpointCache {
  readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }
}
