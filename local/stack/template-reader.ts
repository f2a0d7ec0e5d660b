/** Reads the resources of a synthesized template, with their intrinsics resolved. */
import type { Statement } from '../aws/policy.ts';
import { type Resource, resolver, type StackParameters } from './intrinsics.ts';

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown }>>;
}

/** A resource. */
export interface Reading {
  /** Its logical id. */
  readonly id: string;
  /** A property with its intrinsics resolved. */
  readonly value: (property: string) => unknown;
  readonly text: (property: string) => string;
  /** A property as it stands. */
  readonly raw: (property: string) => unknown;
  /** All of them, with their intrinsics resolved. */
  readonly all: () => Readonly<Record<string, unknown>>;
}

/** Each method throws an Error that says where something cannot be understood. */
export interface TemplateReader {
  list(type: string): readonly Reading[];
  /** @throws Error where there is not exactly one */
  one(type: string): Reading;
  /** `where`: what an error calls the value. */
  text(value: unknown, where: string): string;
  arnOf(logicalId: string): string;
  /** The statements of the managed policy whose ARN is an output. */
  policyAt(output: string): readonly Statement[];
}

export function templateReader(template: Template, surroundings: StackParameters): TemplateReader {
  const resolve = resolver(template.Resources, surroundings);

  const text = (value: unknown, where: string): string => {
    const resolved = resolve(value, where);
    if (typeof resolved !== 'string') throw new Error(`${where} is ${JSON.stringify(resolved)} and not text`);
    return resolved;
  };
  const list = (type: string): Reading[] =>
    Object.entries(template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, { Properties = {} }]) => ({
        id,
        value: (property) => resolve(Properties[property], `${id}.${property}`),
        text: (property) => text(Properties[property], `${id}.${property}`),
        raw: (property) => Properties[property],
        all: () => resolve(Properties, id) as Record<string, unknown>,
      }));

  return {
    list,
    text,
    one: (type) => {
      const [first, ...others] = list(type);
      if (first === undefined || others.length > 0) throw new Error(`The template has not exactly one ${type}`);
      return first;
    },
    arnOf: (id) => text({ 'Fn::GetAtt': [id, 'Arn'] }, id),
    policyAt: (output) => {
      const arn = text(template.Outputs?.[output]?.Value, `output ${output}`);
      const policy = list('AWS::IAM::ManagedPolicy').find(({ id }) => text({ Ref: id }, id) === arn);
      if (policy === undefined)
        throw new Error(`Output ${output} is ${arn}, which is no managed policy of the template`);
      return statementsOf(policy);
    },
  };
}

/** The statements of a policy's document. */
export function statementsOf({ id, value }: Reading): Statement[] {
  const document = value('PolicyDocument') as { Statement: Record<string, unknown>[] };
  return document.Statement.map((statement) => {
    const { Effect, Action, Resource, Sid: _, Condition, ...others } = statement;
    const [foreign] = Object.keys(others);
    if (foreign !== undefined) throw new Error(`${id} has a statement with ${foreign}, which is not evaluated here`);
    return {
      ...{ effect: Effect as Statement['effect'], actions: textList(Action), resources: textList(Resource) },
      ...(Condition === undefined ? {} : { leadingKeys: leadingKeysOf(id, Condition) }),
    };
  });
}

function leadingKeysOf(id: string, condition: unknown): string[] {
  const { 'ForAllValues:StringEquals': wanted = {}, ...others } = condition as Record<string, Record<string, unknown>>;
  const { 'dynamodb:LeadingKeys': keys, ...more } = wanted;
  const [foreign] = Object.keys({ ...others, ...more });
  if (keys === undefined || foreign !== undefined)
    throw new Error(`${id} has a statement with Condition ${foreign}, which is not evaluated here`);
  return textList(keys);
}

const textList = (value: unknown): string[] => [value].flat().map(String);
