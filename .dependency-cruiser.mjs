/** Statuses, ids and settings of jobs: words that clients of the API share with the rules. */
const vocabulary = ['jobs/protocol', 'jobs/ids', 'jobs/options', 'jobs/resources', 'jobs/settings'];

/**
 * Which folder may import which. `npm run check` enforces it; CONTRIBUTING.md says it in words.
 * A folder may always import itself. Listed is what else it may import: a folder without those below it that have rules of
 * their own, a folder with all below it (/**), the files directly in a folder (/*), one module, or one JSON file.
 */
const folders = {
  lib: [],
  'jobs/aws': ['jobs', 'lib'],
  'jobs/cluster': ['jobs', 'k8s', 'lib'],
  jobs: ['lib'],
  api: ['jobs', 'lib', 'package.json'],
  k8s: ['lib'],
  handlers: ['api', 'jobs/**', 'k8s', 'lib'],
  'local/aws/api-gateway': ['local/aws/*', 'lib'],
  'local/aws/dynamodb': ['local/aws/*', 'lib'],
  'local/aws/eventbridge': ['local/aws/*', 'lib'],
  'local/aws/lambda': ['local/aws/*', 'lib'],
  'local/aws/scheduler': ['local/aws/*', 'lib'],
  'local/aws/step-functions': ['local/aws/*', 'lib'],
  'local/aws': ['lib'],
  // The Step Functions emulator owns the interface of what runs its Jobs.
  'local/runners': ['k8s', 'lib', 'local/aws/step-functions/integrations'],
  local: ['api', 'image', 'jobs/resources', 'k8s', 'lib', 'local/**', 'plugins/parameters'],
  image: ['lib'],
  plugins: ['api', 'image', 'lib', ...vocabulary],
  'cli/doctor': ['api', 'cli', 'k8s', 'lib', ...vocabulary],
  cli: ['api', 'cli/doctor', 'lib', ...vocabulary],
};

/** Packages that only the named folders may import. */
const packages = [
  {
    name: '@aws-sdk/',
    only: [
      'jobs/(aws|cluster)',
      'k8s',
      'handlers',
      'image',
      'plugins',
      'cli/(api|doctor)',
      'local',
      'bench',
      'tests',
    ],
  },
  { name: '@kubernetes/client-node', only: ['k8s', 'handlers/stubs', 'local/runners', 'bench', 'tests'] },
  { name: 'zod-openapi', only: ['api/openapi', 'tests'] },
];

/** The interpreter of a language with nested states calls itself: a state runs branches, which run states. */
const recursion = '^local/aws/step-functions/';

/** The folders below a folder that have rules of their own, as paths inside it. */
const below = (folder) =>
  Object.keys(folders)
    .filter((other) => other.startsWith(`${folder}/`))
    .map((other) => other.slice(folder.length + 1));

/** A pattern of the paths that an entry of the table names. */
const pattern = (entry) => {
  if (entry.endsWith('/**')) return `^${entry.slice(0, -2)}`;
  if (entry.endsWith('.json')) return `^${entry}$`;
  if (entry.endsWith('/*')) return `^${entry.slice(0, -1)}[^/]+$`;
  const others = below(entry);
  return `^${entry}(/${others.length > 0 ? `(?!(${others.join('|')})/)` : ''}|[.]ts$)`;
};

const directions = Object.entries(folders).map(([folder, allowed]) => ({
  name: `imports-of-${folder.replaceAll('/', '-')}`,
  comment: `${folder}/ may import ${allowed.length === 0 ? 'no other folder' : `only ${allowed.join(', ')}`}.`,
  severity: 'error',
  from: { path: pattern(folder) },
  to: { dependencyTypes: ['local'], pathNot: ['^package[.]json$', ...[folder, ...allowed].map(pattern)] },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...directions,
    {
      name: 'tests-are-not-imported',
      comment: 'Only tests import tests; a benchmark may import tests/harness.',
      severity: 'error',
      from: { pathNot: '^tests/' },
      to: { path: '^tests/', pathNot: '^tests/harness/' },
    },
    {
      name: 'harness-is-for-tests-and-benchmarks',
      comment: 'What tests and benchmarks share is not part of the product.',
      severity: 'error',
      from: { pathNot: '^(tests|bench)/' },
      to: { path: '^tests/harness/' },
    },
    {
      name: 'response-schemas-are-types-in-handlers',
      comment: 'A schema of a response in a bundle would cost each cold start: import its type.',
      severity: 'error',
      from: { path: '^(handlers|jobs)/' },
      to: { path: '^api/responses/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Modules that import each other cannot be read or tested alone.',
      severity: 'error',
      from: { pathNot: recursion },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'only-listed-dependencies',
      comment: 'A package must be in package.json.',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'undetermined'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-unresolvable',
      comment: 'The imported file does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'rules-know-no-http',
      comment: 'The rules of jobs do not know how they are called.',
      severity: 'error',
      from: { path: '^jobs/', pathNot: '^jobs/(aws|cluster)/' },
      to: { path: '^(node:)?https?$' },
    },
    ...packages.map(({ name, only }) => ({
      name: `imports-${name.replaceAll(/[^a-z]+/g, '-').replaceAll(/^-|-$/g, '')}`,
      comment: `Only ${only.join(', ')} may import ${name}.`,
      severity: 'error',
      from: { pathNot: `^(${only.join('|')})/` },
      to: { path: `(^|/)node_modules/${name}` },
    })),
  ],
  options: {
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)([.][^/]+|target)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
