/** The contract's objects as components of the document, each once and under a name that stays. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod/mini';
import { nameOf, propertyText, type Schema, schemas, shapeOf, textOf } from './contract-source.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What is called otherwise than its constant: names of the API outlive those of the code. */
const NAMES: Readonly<Record<string, string>> = {
  poolView: 'Pool',
  leaseRow: 'Lease',
  blockRow: 'Block',
  nodeView: 'Node',
  leasedAddress: 'Address',
  rangeText: 'RangeInput',
  namedPod: 'PodInput',
};

const REFERENCE = '#/components/schemas/';

export const referenceTo = (component: string): Json => ({ $ref: `${REFERENCE}${component}` });

const capitalized = (name: string): string => `${name[0]?.toUpperCase()}${name.slice(1)}`;

/** Objects, and texts of which the contract names each value. */
const isComponent = ([, schema]: [string, Schema]): boolean => ['object', 'enum'].includes(schema._zod.def.type);

const nameFor = (constant: string): string => NAMES[constant] ?? capitalized(constant);

/** Name of the constant by the component's. */
const constants: ReadonlyMap<string, string> = new Map(
  [...schemas].filter(isComponent).map(([constant]) => [nameFor(constant), constant]),
);

/** @throws Error for a schema that the contract does not export */
export const componentOf = (schema: Schema): string => nameFor(nameOf(schema));

/**
 * The components that the routes refer to.
 *
 * A minor version may add fields to what the service answers, so results allow more than they name. Requests do not: a field
 * that is not known is refused. What is in both is written once, open, and each request that refers to it closes it.
 */
export function componentsOf(requests: readonly Schema[], results: readonly Schema[]): Record<string, Json> {
  const [asked, answered] = [componentsAs('input'), componentsAs('output')];
  const inResults = reachable(answered, results.map(componentOf));
  const inRequests = reachable(asked, requests.map(componentOf));
  const made = new Map<string, Json>();
  for (const name of inResults) made.set(name, open(answered[name]) as Json);
  for (const name of inRequests) {
    if (!inResults.has(name)) made.set(name, closing(asked[name], made) as Json);
    else if (!isDeepStrictEqual(open(asked[name]), made.get(name)))
      throw new Error(`${name} is another thing in requests than in results: give it two names in core/contract`);
  }
  return Object.fromEntries([...made].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A schema that stands in no component: of a parameter. */
export function inlineSchema(schema: Schema): Json {
  return bounded(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })) as Json;
}

function componentsAs(io: 'input' | 'output'): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [component, constant] of constants) registry.add(schemas.get(constant) as Schema, { id: component });
  const uri = (id: string) => `${REFERENCE}${id}`;
  const { schemas: made } = z.toJSONSchema(registry, { io, uri, unrepresentable: 'any' });
  return Object.fromEntries(Object.entries(made).map(([name, json]) => [name, described(name, bounded(json) as Json)]));
}

function described(component: string, { properties, ...rest }: Json): Json {
  const constant = constants.get(component) ?? '';
  const description = textOf(constant);
  const told = Object.entries((properties ?? {}) as Record<string, Json>).map(([name, schema]) => {
    const text = propertyText(constant, name);
    return [name, text === undefined ? schema : { ...schema, description: text }];
  });
  return {
    ...(description === undefined ? {} : { description }),
    ...rest,
    ...(shapeOf(schemas.get(constant)) === undefined ? {} : { properties: Object.fromEntries(told) }),
  };
}

type Change = (json: Json) => Json;

/** Changes each object in a tree, the inner ones first. */
function everywhere(json: unknown, change: Change): unknown {
  if (Array.isArray(json)) return json.map((one) => everywhere(one, change));
  if (typeof json !== 'object' || json === null) return json;
  return change(Object.fromEntries(Object.entries(json).map(([key, value]) => [key, everywhere(value, change)])));
}

/** Without what JSON Schema says by itself, and without the bounds that every number has which a double can hold. */
const bounded = (json: unknown) =>
  everywhere(json, ({ $schema: _, $id: __, ...rest }) =>
    Object.fromEntries(
      Object.entries(rest).filter(([, value]) => Math.abs(value as number) !== Number.MAX_SAFE_INTEGER),
    ),
  );

const open = (json: unknown) =>
  everywhere(json, ({ additionalProperties, ...rest }) =>
    additionalProperties === false || additionalProperties === undefined ? rest : { ...rest, additionalProperties },
  );

const nameIn = ({ $ref }: Json): string | undefined =>
  typeof $ref === 'string' ? $ref.slice(REFERENCE.length) : undefined;

/** Closes what a request has of objects that results have too. */
const closing = (json: unknown, others: ReadonlyMap<string, Json>) =>
  everywhere(json, (one) =>
    others.get(nameIn(one) ?? '')?.type === 'object' ? { ...one, unevaluatedProperties: false } : one,
  );

function reachable(all: Readonly<Record<string, Json>>, from: readonly string[]): Set<string> {
  const found = new Set<string>();
  const left = [...from];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    everywhere(all[name], (one) => {
      left.push(nameIn(one) ?? name);
      return one;
    });
  }
  return found;
}
