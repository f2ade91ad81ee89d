import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { CheckFailure } from '../harness/python/environment.ts';

/** The findings of cfn-lint that are allowed: at which paths, and why. An entry that matches no finding is an error. */
const allowances: { rule: string; where: RegExp; why: string }[] = [
  {
    rule: 'W3005',
    where: /^Resources\/\w+LambdaFunction\/DependsOn/,
    why: 'The framework names the role of a function twice.',
  },
  {
    rule: 'W3005',
    where: /^Resources\/HttpApiRoute\w+\/DependsOn/,
    why: 'The framework names the integration of a route twice.',
  },
  {
    rule: 'W3005',
    where: /^Resources\/HttpApiStage\/DependsOn/,
    why: 'The framework names the log group of the stage twice.',
  },
  {
    rule: 'I1022',
    where:
      /^(Resources\/(ServerlessDeploymentBucketPolicy|\w+LambdaPermissionHttpApi)|Outputs\/HttpApiUrl)\//,
    why: 'The framework writes Fn::Join.',
  },
  {
    rule: 'I3011',
    where: /^Resources\/\w+LogGroup/,
    why: 'Logs are deleted with their function; their retention is a parameter.',
  },
  {
    rule: 'I4010',
    where: /^(Metadata|Resources|Resources\/\w+)?$/,
    why: 'It requests descriptions in Metadata. The reasons are in comments in resources/, where people read them.',
  },
];

const Findings = z.array(
  z.object({
    Level: z.string(),
    Message: z.string(),
    Filename: z.string(),
    Rule: z.object({ Id: z.string() }),
    Location: z.object({ Path: z.array(z.union([z.string(), z.number()])).nullable() }),
  }),
);

/**
 * Checks templates with all rules of cfn-lint, also the informational and experimental ones, and strict types.
 * @throws CheckFailure with each finding that is not allowed, and each allowance without a finding.
 */
export function lintTemplates(programs: string, templates: string[]): string {
  const { stdout, stderr } = spawnSync(
    join(programs, 'cfn-lint'),
    [
      ...['--format', 'json', '--include-checks', 'I', '--include-experimental'],
      ...['--configure-rule', 'E3012:strict=true', '--template', ...templates],
    ],
    { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (!stdout.startsWith('[')) throw new CheckFailure(`cfn-lint did not run:\n${stdout}${stderr}`);
  const usedAllowances = new Set<object>();
  const problems = Findings.parse(JSON.parse(stdout)).flatMap(
    ({ Level, Message, Filename, Rule, Location }) => {
      const where = (Location.Path ?? []).join('/');
      const allowance = allowances.find((entry) => entry.rule === Rule.Id && entry.where.test(where));
      if (!allowance) return [`${Level} ${Rule.Id} at ${where} in ${Filename}: ${Message}`];
      usedAllowances.add(allowance);
      return [];
    },
  );
  for (const allowance of allowances) {
    if (!usedAllowances.has(allowance))
      problems.push(`${allowance.rule} is allowed at ${allowance.where}, but nothing was found there`);
  }
  if (problems.length > 0) throw new CheckFailure(problems.join('\n'));
  return `${templates.length} templates, ${allowances.length} kinds of findings allowed`;
}
