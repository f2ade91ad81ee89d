import document from '../api/openapi/service-document.ts';
import { api } from './middleware/api.ts';

/** `GET /openapi.json`: describes this API. */
export const handler = api(() => Promise.resolve({ statusCode: 200, body: document }));
