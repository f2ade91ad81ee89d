import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { CheckFailure } from '../harness/python/environment.ts';

const explanations = new URL('explained-findings.yml', import.meta.url).pathname;

const Explained = z.array(
  z.strictObject({
    check: z.string().regex(/^CKV2?_AWS_\d+$/),
    what: z.string().min(1),
    resources: z.array(z.string().min(1)).min(1),
    why: z.string().min(20),
  }),
);

const Report = z.object({
  summary: z.object({ passed: z.number(), parsing_errors: z.number() }),
  results: z.object({
    failed_checks: z.array(
      z.object({
        check_id: z.string(),
        check_name: z.string(),
        resource: z.string(),
        file_path: z.string(),
      }),
    ),
  }),
});

/** Matches a name against a pattern in which `*` is any part of a name. */
const matches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);

/**
 * Checks templates with every check of checkov for CloudFormation.
 * @throws CheckFailure with each finding that explained-findings.yml does not explain, and each explanation without a
 * finding.
 */
export function scanTemplates(programs: string, templates: string[]): string {
  const explained = Explained.parse(parse(readFileSync(explanations, 'utf8')));
  const usedExplanations = new Set<string>();
  const problems: string[] = [];
  const { summary, results } = scan(programs, templates);
  if (summary.parsing_errors > 0)
    problems.push(`checkov cannot read ${summary.parsing_errors} of the templates`);
  for (const finding of results.failed_checks) {
    const name = finding.resource.replace(/^.*\./, '');
    const explanation = explained.find(({ check }) => check === finding.check_id);
    const pattern = explanation?.resources.find((candidate) => matches(candidate, name));
    if (pattern === undefined) problems.push(`${finding.check_id} at ${name}: ${finding.check_name}`);
    else usedExplanations.add(`${finding.check_id} ${pattern}`);
  }
  for (const { check, resources } of explained) {
    for (const pattern of resources) {
      if (!usedExplanations.has(`${check} ${pattern}`))
        problems.push(`${check} is explained at ${pattern}, but nothing was found there`);
    }
  }
  if (problems.length > 0) throw new CheckFailure([...new Set(problems)].join('\n'));
  return `${summary.passed} checks passed, ${explained.length} kinds of findings explained`;
}

function scan(programs: string, templates: string[]): z.infer<typeof Report> {
  const { stdout, stderr } = spawnSync(
    join(programs, 'checkov'),
    [
      ...['--framework', 'cloudformation', '--output', 'json', '--quiet', '--skip-download'],
      ...templates.flatMap((template) => ['--file', template]),
    ],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, env: { ...process.env, LOG_LEVEL: 'ERROR' } },
  );
  if (!stdout.startsWith('{')) throw new CheckFailure(`checkov did not run:\n${stdout}${stderr}`);
  return Report.parse(JSON.parse(stdout));
}
