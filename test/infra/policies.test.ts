/** Rules of others about templates: each documented way to deploy keeps them, or says why it does not. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type App, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { available } from '../support/prerequisite.ts';
import { deployment } from './deployments.ts';
import { variants } from './variants.ts';

/** What NIST 800-53 asks for by default and Lessor does otherwise. */
const EXPLAINED: Readonly<Record<string, string>> = {
  'NIST.800.53.R5-CloudWatchLogGroupEncrypted':
    'CloudWatch encrypts them with its own key; encryptionKey is for a key of the operator',
  'NIST.800.53.R5-IAMNoInlinePolicy': 'Each policy is one role’s own and goes with it; no one else can be given it',
  'NIST.800.53.R5-LambdaConcurrency':
    'reservedConcurrency takes from the account: the operator decides, and the throttle bounds all',
  'NIST.800.53.R5-LambdaDLQ': 'The API waits for its answer, and what a lost event would have done, the next one does',
  'NIST.800.53.R5-LambdaInsideVPC': 'They speak to DynamoDB only, by IAM; in a VPC they would need a way out of it',
  'NIST.800.53.R5-APIGWAssociatedWithWAF':
    'Only VPC endpoints reach a private API, and IAM looks at each caller: there are no strangers to filter',
  'NIST.800.53.R5-APIGWCacheEnabledAndEncrypted':
    'No answer may come out of a cache: what is free now is another’s a moment later',
  'NIST.800.53.R5-APIGWExecutionLoggingEnabled':
    'The access log has each request; the execution log would have headers and bodies of requests in it too',
  'NIST.800.53.R5-APIGWSSLEnabled':
    'Client certificates are for backends that speak HTTP: the functions are invoked by IAM',
  'NIST.800.53.R5-CloudWatchAlarmAction': 'CodeDeploy asks the alarms of a rollout, and goes back',
};

const findings = (root: App): string[] =>
  [new AwsSolutionsChecks(root), new ServerlessChecks(root), new NIST80053R5Checks(root)]
    .flatMap((pack) => pack.validateScope(root).violations)
    .filter(({ ruleName }) => !Object.hasOwn(EXPLAINED, ruleName))
    .map(({ ruleName, violatingResources }) => `${ruleName} at ${violatingResources.map((at) => at.constructPath)}`);

describe('docs/deploy.md', () => {
  it('shows several ways to deploy', () => {
    expect(variants.length).toBeGreaterThan(5);
  });

  it.each(variants)('$name: it synthesizes, and cdk-nag finds nothing that is not explained', ({ build, stacks }) => {
    const root = build();
    expect(root.synth().stacks.map(({ stackName }) => stackName)).toEqual(stacks);
    expect(findings(root)).toEqual([]);
  });
});

describe('cdk-nag', () => {
  const root = () => deployment({ Lessor: { nodeRoles: { nodes: {} } } });

  it('is told a reason for each rule that is not kept', () => {
    const acknowledged = root()
      .node.findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(data as Record<string, string>));
    expect(acknowledged).not.toEqual([]);
    for (const [rule, reason] of [...acknowledged, ...Object.entries(EXPLAINED)])
      expect(reason.length, rule).toBeGreaterThan(40);
  });

  it('would find a function that may do everything', () => {
    const tree = root();
    const role = tree.node.findAll().find((construct) => construct instanceof Role);
    (role as Role).addToPolicy(new PolicyStatement({ actions: ['dynamodb:*'], resources: ['*'] }));
    expect(findings(tree)).toEqual([
      expect.stringContaining('AwsSolutions-IAM5[Action::dynamodb:*]'),
      expect.stringContaining('AwsSolutions-IAM5[Resource::*]'),
      expect.stringContaining('NIST.800.53.R5-IAMPolicyNoStatementsWithFullAccess'),
    ]);
  });
});

const cfnLint = resolve('node_modules/.cache/infra/python/bin/cfn-lint');
/** W3005: CDK writes down that a function depends on its role, which the reference to it says as well. */
const missing = existsSync(cfnLint) ? [] : [`${cfnLint} (bash test/infra/install.sh)`];

describe.runIf(available('cfn-lint', missing))('cfn-lint', () => {
  it('finds nothing in any template that the documentation shows', { timeout: 120_000 }, () => {
    const templates = variants.flatMap(({ build, stacks }) => {
      const { directory } = build().synth();
      return stacks.map((stack) => join(directory, `${stack}.template.json`));
    });
    const { stdout, stderr } = spawnSync(cfnLint, ['--ignore-checks', 'W3005', '--', ...templates], {
      encoding: 'utf8',
    });
    expect([stdout, stderr]).toEqual(['', '']);
  });
});
