/**
 * Applications as `cdk synth` leaves them, made of today's: the last release, and such as have a fault. The functions of the
 * last release run today's code: what an upgrade in place is about are its resources.
 * After a release: `npx tsx test/deployment/assembly.ts cdk.out` keeps the template that was released.
 */
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from '../../core/contract/environment.ts';

export const STACK = 'Lessor';
/** Hashes of code are in it as `<Allocate>`. */
const LAST_RELEASE = fileURLToPath(new URL('last-release.template.json', import.meta.url));

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: object }>>;
}
interface Assets {
  readonly files: Readonly<Record<string, { readonly displayName: string }>>;
}

const templateIn = (assembly: string) => join(assembly, `${STACK}.template.json`);
const assetsIn = (assembly: string) => join(assembly, `${STACK}.assets.json`);
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

/** Hashes of the functions' code, by name. */
function codeIn(assembly: string): (readonly [name: string, hash: string])[] {
  const { files } = JSON.parse(readFileSync(assetsIn(assembly), 'utf8')) as Assets;
  return Object.entries(files).flatMap(([hash, { displayName }]) => {
    const [, name] = /(\w+)\/Code$/.exec(displayName) ?? [];
    return name === undefined ? [] : [[`<${name}>`, hash] as const];
  });
}

/** The same assets with another template. */
function withTemplate(today: string, into: string, template: string): void {
  const before = hashOf(readFileSync(templateIn(today), 'utf8'));
  cpSync(today, into, { recursive: true });
  writeFileSync(templateIn(into), template);
  // It is uploaded by its hash: what is there already is not uploaded again.
  for (const path of [assetsIn(into), join(into, 'manifest.json')])
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(before, hashOf(template)));
}

/** @param today where the application was synthesized */
export function lastRelease(today: string, into: string): void {
  const kept = readFileSync(LAST_RELEASE, 'utf8');
  const template = JSON.parse(
    codeIn(today).reduce((text, [name, hash]) => text.replaceAll(name, hash), kept),
  ) as Template;
  // CloudFormation turns on a table's stream without replacing it. The emulator, of a global table without a name, makes another one.
  for (const [id, { Type, Properties = {} }] of Object.entries(template.Resources))
    if (Type === 'AWS::DynamoDB::GlobalTable' && id.startsWith('Pools'))
      Object.assign(Properties, { StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' } });
  // Today's code notes who changes a pool, for which that release has no table: here it may use the one of the pools.
  for (const { Properties = {} } of Object.values(template.Resources))
    if ('FunctionName' in Properties && Properties.FunctionName === `${STACK}-operate`) {
      const { Variables } = (Properties as unknown as { Environment: { Variables: Record<string, unknown> } })
        .Environment;
      Variables[environment.historyTable] = Variables[environment.poolsTable];
    }
  withTemplate(today, into, JSON.stringify(template));
}

/** With a function that nobody can make: its layer is nobody's. */
export function broken(today: string, into: string): void {
  const template = JSON.parse(readFileSync(templateIn(today), 'utf8')) as Template;
  const isReclaim = ({ Properties = {} }) =>
    'FunctionName' in Properties && Properties.FunctionName === `${STACK}-reclaim`;
  const reclaim = Object.values(template.Resources).find(isReclaim);
  if (reclaim === undefined) throw new Error('no function is called reclaim');
  Object.assign(reclaim.Properties ?? {}, { Layers: ['arn:aws:lambda:eu-central-1:123456789012:layer:of-nobody:1'] });
  withTemplate(today, into, JSON.stringify(template));
}

/** The rights of `allocate` without this one. */
export function withoutRight(action: string, today: string, into: string): void {
  const template = JSON.parse(readFileSync(templateIn(today), 'utf8')) as Template;
  const isOfAllocate = ([id, { Type }]: [string, { Type: string }]) =>
    id.startsWith('Allocate') && Type === 'AWS::IAM::Policy';
  const [, policy] = Object.entries(template.Resources).find(isOfAllocate) ?? [];
  const less = JSON.stringify(policy).replaceAll(`"${action}",`, '').replaceAll(`,"${action}"`, '');
  if (policy === undefined || less === JSON.stringify(policy)) throw new Error(`allocate has no right to ${action}`);
  withTemplate(today, into, JSON.stringify(template).replace(JSON.stringify(policy), less));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , released = 'cdk.out'] = process.argv;
  const text = readFileSync(templateIn(released), 'utf8');
  const named = codeIn(released).reduce((all, [name, hash]) => all.replaceAll(hash, name), text);
  // What CDK notes for itself is left out.
  const template = JSON.parse(named, (key, value) => (key === 'Metadata' ? undefined : value));
  writeFileSync(LAST_RELEASE, `${JSON.stringify(template, undefined, 1)}\n`);
}
