import { readSettings } from '../jobs/settings.ts';
import { openApiDocument } from '../api/openapi/document.ts';
import { api } from './middleware/api.ts';

const document = openApiDocument(readSettings().API_AUTHORIZATION);

/** `GET /openapi.json`: what this API is. */
export const handler = api(() => Promise.resolve({ statusCode: 200, body: document }));
