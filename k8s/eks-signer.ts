import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Signer } from './eks-token.ts';

/**
 * Returns the region and the credentials of this process, as an AWS client resolves and renews them. Any client would do: the
 * functions that use this contain DynamoDB's already.
 */
export const processSigner = (): Signer => new DynamoDBClient().config;
