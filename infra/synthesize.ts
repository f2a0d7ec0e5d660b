/** From settings to a cloud assembly, in this process: the same for the CDK command, the local stack and the tests. */
import { App } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { LessorStack } from './lessor-stack.ts';
import { settingsFrom } from './settings.ts';

export const STACK = 'Lessor';

/**
 * Synthesizes the stack and bundles its functions.
 * @param context what `cdk synth -c key=value` would give; the CDK command passes its own through the process environment
 * @param outdir where the assembly goes; the CDK command's choice, or cdk.out, if left out
 * @throws LessorError if a context value is none, or a key is unknown: it names the key, the value and the remedy
 */
export function synthesize(context: Record<string, unknown> = {}, outdir?: string): CloudAssembly {
  return app(context, outdir).synth();
}

/** The construct tree before synthesis, for those who look into it. */
export function app(context: Record<string, unknown>, outdir?: string): App {
  const root = new App({
    context,
    analyticsReporting: false,
    ...(outdir === undefined ? {} : { outdir }),
  });
  new LessorStack(root, STACK, settingsFrom(root.node.getAllContext()));
  return root;
}
