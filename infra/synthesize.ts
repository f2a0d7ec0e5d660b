/** From settings to a cloud assembly, in this process: the same for the CDK command, the local stack and the tests. */
import { App } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { LessorError } from '../core/contract/problems.ts';
import { LessorStack } from './lessor-stack.ts';
import { checkSettings, type Settings } from './settings.ts';

/**
 * Synthesizes the stacks and bundles their functions.
 * @param outdir where the assembly goes; the CDK command's choice, or cdk.out, if left out
 * @throws LessorError if a setting is none: it names the field, the value and the remedy
 */
export function synthesize(settings: Settings, outdir?: string): CloudAssembly {
  return app(settings, outdir).synth();
}

/** The construct tree before synthesis, for those who look into it. */
export function app(settings: Settings, outdir?: string): App {
  checkSettings(settings, 'settings');
  const root = new App({
    analyticsReporting: false,
    // What CloudFormation would refuse is refused here.
    context: { '@aws-cdk/core:validateAgainstDefaultRules': true },
    ...(outdir === undefined ? {} : { outdir }),
  });
  for (const key of Object.keys(root.node.getAllContext())) refuseUnlessOfCdk(key);
  for (const [name, stack] of Object.entries(settings)) new LessorStack(root, name, stack);
  return root;
}

/** CDK's own: feature flags, what the command passes on, what it looked up. */
const CDK_KEYS = ['cli-telemetry', 'acknowledged-issue-numbers'];

function refuseUnlessOfCdk(key: string): void {
  if (/[:@]/.test(key) || CDK_KEYS.includes(key)) return;
  throw new LessorError('request.invalid', `Context key ${JSON.stringify(key)} means nothing here`, {
    remedy: 'settings are written in lessor.settings.ts',
  });
}
