import type { MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import * as z from 'zod';
import { readQuery } from '../../api/query.ts';

const None = z.strictObject({});

/** For routes that take no query: a parameter that does nothing is one that was meant otherwise. */
export const refuseQuery = (): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> => ({
  name: 'refuseQuery',
  before: ({ event }) => {
    readQuery(event.queryStringParameters ?? {}, None);
  },
});
