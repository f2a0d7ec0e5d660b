/** Templates of deployments, for tests that look into them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { afterAll } from 'vitest';
import type { Settings } from '../../infra/settings.ts';
import { app } from '../../infra/synthesize.ts';

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly UpdatePolicy?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own.
  readonly Properties: any;
}

export interface Template {
  readonly resources: Readonly<Record<string, Resource>>;
  readonly text: string;
  /** What the deployment is told besides the template. */
  readonly stack: { readonly properties?: Readonly<Record<string, unknown>> };
  ofType(type: string): [id: string, resource: Resource][];
  /** The function of which a reference is the alias. */
  aliased(alias: { readonly Ref: string }): Resource | undefined;
}

const directories: string[] = [];
afterAll(() => {
  for (const path of directories) rmSync(path, { recursive: true });
});

/** A directory that is gone when the test file has run. */
export function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'lessor-infra-test-'));
  directories.push(path);
  return path;
}

export const deployment = (settings: Settings): App => app(settings, directory());

/** Another app's stack. */
export function stackOf(build: (scope: Construct) => void, props: StackProps = {}): App {
  const root = new App({ outdir: directory(), analyticsReporting: false });
  build(new Stack(root, 'Network', props));
  return root;
}

export function templateOf(root: App, stack: string): Template {
  const { directory: at } = root.synth();
  const read = (name: string) => readFileSync(join(at, name), 'utf8');
  const text = read(`${stack}.template.json`);
  const resources: Record<string, Resource> = JSON.parse(text).Resources;
  return {
    resources,
    text,
    stack: JSON.parse(read('manifest.json')).artifacts[stack],
    ofType: (type) => Object.entries(resources).filter(([, { Type }]) => Type === type),
    aliased: ({ Ref }) => resources[resources[Ref]?.Properties.FunctionName.Ref],
  };
}
