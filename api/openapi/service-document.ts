import { readSettings } from '../../jobs/settings.ts';
import { openApiDocument } from './document.ts';

/**
 * The document of this service. It depends on nothing but the kind of authorization, so a package holds the document in place
 * of this module (plugins/openapi.ts): no function computes it, or has the schema libraries that compute it.
 */
export default openApiDocument(readSettings().API_AUTHORIZATION);
