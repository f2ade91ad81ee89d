import type { Plugin } from 'esbuild';
import * as z from 'zod';
import { openApiDocument } from '../api/openapi/document.ts';
import { Authorization } from '../jobs/settings.ts';
import type { Configuration } from './framework.ts';

/** Replaces api/openapi/service-document.ts in a bundle by the document that it would compute. */
export const embedDocument = (authorization: Authorization): Plugin => ({
  name: 'openapi-document',
  setup: (build) => {
    build.onLoad({ filter: /[\\/]api[\\/]openapi[\\/]service-document\.ts$/ }, () => ({
      contents: JSON.stringify(openApiDocument(authorization)),
      loader: 'json',
    }));
  },
});

const Custom = z.object({ authorization: z.object({ type: Authorization }) });

/** The plugins of esbuild (serverless.yml, `custom.esbuild.plugins`): the document is that of `--param auth`. */
export default ({ service }: Pick<Configuration, 'service'>): Plugin[] => [
  embedDocument(Custom.parse(service.custom).authorization.type),
];
