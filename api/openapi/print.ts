import { Authorization } from '../../jobs/settings.ts';
import { openApiDocument } from './document.ts';

/** `npm run openapi`: prints the document of a service with this `--param auth`; the default is iam. */
const authorization = Authorization.safeParse(process.argv[2] ?? 'iam');
if (authorization.success) console.log(JSON.stringify(openApiDocument(authorization.data), undefined, 2));
else {
  console.error(`npm run openapi -- [${Authorization.options.join('|')}]`);
  process.exitCode = 2;
}
