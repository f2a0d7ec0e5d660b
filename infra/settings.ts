/** The settings of the ready-made app: one committed file, lessor.settings.ts, typed by these types. */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { RemovalPolicy } from 'aws-cdk-lib';
import { LessorError } from '../core/contract/problems.ts';
import { check, checkRoleNames, propRules } from './check-props.ts';
import type { LessorProps } from './lessor-props.ts';
import type { DeclaredPool } from './pool-props.ts';
import { fields, flag, list, oneOf, type PropRule, record, words, wrong } from './prop-rules.ts';

/** One stack of the settings file: a deployment's props, and where it goes. */
export interface StackSettings extends LessorProps {
  /**
   * Account and Region.
   * @default - those of the credentials with which it is deployed
   */
  readonly env?: { readonly account?: string; readonly region?: string };
  /**
   * Whether CloudFormation refuses to delete the stack.
   * @default true
   */
  readonly terminationProtection?: boolean;
  /**
   * Pools that the stack declares. They are changed here then, and not through the API.
   * @default - none
   */
  readonly pools?: readonly DeclaredPool[];
}

/** Every deployment, by the name of its stack. */
export type Settings = Readonly<Record<string, StackSettings>>;

const ofTemplate = fields<Pick<DeclaredPool, 'adopt' | 'removalPolicy'>>(
  {},
  { adopt: flag, removalPolicy: oneOf(RemovalPolicy.DESTROY, RemovalPolicy.RETAIN) },
);
const POOLS = "give a list of pools: [{ name: 'blue', ranges: [[{ subnet: '10.0.0.0/16' }]] }]";
/** The rest of a pool is checked where it is declared: the construct is called by its name. */
const declaredPool: PropRule = (given) => {
  const { name, adopt, removalPolicy } = Object(given) as Partial<DeclaredPool>;
  if (typeof name !== 'string')
    return typeof given === 'object' && given ? wrong(name, "give the pool's name", 'name') : wrong(given, POOLS);
  return ofTemplate({ adopt, removalPolicy });
};

const optional = {
  ...propRules.optional,
  env: fields<NonNullable<StackSettings['env']>>(
    {},
    {
      account: words(/^\d{12}$/, "give an account's 12 digits, as text"),
      region: words(/^[a-z]{2,4}(-[a-z]+)+-\d$/, "give a Region: 'eu-central-1'"),
    },
  ),
  terminationProtection: flag,
  pools: list(declaredPool, POOLS),
};
const stack = fields<StackSettings>(propRules.required, optional);
const stackFields = Object.keys({ ...propRules.required, ...optional });

/** CloudFormation's rule. */
const stackName = {
  pattern: /^[a-zA-Z][a-zA-Z0-9-]{0,127}$/,
  called: 'name of a stack',
  remedy: 'a letter, then letters, digits and hyphens',
};

const stacks = record(stackName, stack, "give the settings by the stack's name: { Lessor: { nodeRoles: … } }");

/** @throws LessorError request.invalid that names the field, the value and the remedy */
export function checkSettings(settings: Settings, where: string): void {
  ensureByStack(settings, where);
  check(stacks, settings, where);
  for (const [name, { nodeRoles }] of Object.entries(settings))
    checkRoleNames(nodeRoles, `${where}: ${name}.nodeRoles`);
  if (Object.keys(settings).length > 0) return;
  throw new LessorError('request.invalid', `${where} has no stack`, {
    remedy: 'give one: { Lessor: { nodeRoles: … } }',
  });
}

/** Who leaves out the level of the stacks would be told of a field that is right. */
function ensureByStack(settings: Settings, where: string): void {
  const setting = Object.entries(Object(settings)).find(
    ([name, given]) => stackFields.includes(name) && Object(given).nodeRoles === undefined,
  );
  if (setting === undefined) return;
  throw new LessorError('request.invalid', `${where}: ${setting[0]} is a setting, and belongs into a stack`, {
    remedy: `give it by the stack's name: { Lessor: { ${setting[0]}: … } }`,
  });
}

const IN_PROJECT = fileURLToPath(new URL('../lessor.settings.ts', import.meta.url));

/**
 * Reads the settings file: the project's, or the one that LESSOR_SETTINGS names.
 * @throws LessorError request.invalid where there is none, or it cannot be read
 */
export async function readSettings(file = process.env.LESSOR_SETTINGS || IN_PROJECT): Promise<Settings> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new LessorError('request.invalid', `There is no settings file ${path}`, {
      remedy: 'LESSOR_SETTINGS names it; without that it is lessor.settings.ts of the project',
    });
  }
  const module = await import(pathToFileURL(path).href).catch((cause: unknown) => {
    const line = String(cause).split('\n').join(' ').trim();
    throw new LessorError('request.invalid', `${path} cannot be read: ${line}`, {
      remedy: 'it is a TypeScript file as docs/deploy.md shows it, which you may read',
      cause,
    });
  });
  if (module.default === undefined) {
    throw new LessorError('request.invalid', `${path} exports nothing`, { remedy: 'write `export default { … }`' });
  }
  checkSettings(module.default, basename(path));
  return module.default;
}
