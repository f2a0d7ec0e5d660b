/** What the contract's source says of its schemas: each by its name, with the text of each member. */
import { readdirSync, readFileSync } from 'node:fs';
import type * as z from 'zod/mini';
import * as audit from '../../core/contract/audit.ts';
import * as batch from '../../core/contract/batch.ts';
import * as blocks from '../../core/contract/blocks.ts';
import * as events from '../../core/contract/events.ts';
import * as forecast from '../../core/contract/forecast.ts';
import * as heartbeat from '../../core/contract/heartbeat.ts';
import * as history from '../../core/contract/history.ts';
import * as ids from '../../core/contract/ids.ts';
import * as imports from '../../core/contract/imports.ts';
import * as lease from '../../core/contract/lease.ts';
import * as listPools from '../../core/contract/list-pools.ts';
import * as nodes from '../../core/contract/nodes.ts';
import * as pool from '../../core/contract/pool.ts';
import * as questions from '../../core/contract/questions.ts';
import * as reservation from '../../core/contract/reservation.ts';
import * as silence from '../../core/contract/silence.ts';
import * as time from '../../core/contract/time.ts';
import * as vrfs from '../../core/contract/vrfs.ts';
import { type Documented, docComments } from './doc-comments.ts';

export type Schema = z.core.$ZodType;

const CONTRACT = new URL('../../core/contract/', import.meta.url);

/** Every constant of the contract, by its name. */
const documented: ReadonlyMap<string, Documented> = new Map(
  readdirSync(CONTRACT)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...docComments(file, readFileSync(new URL(file, CONTRACT), 'utf8'))]),
);

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null && '_zod' in value;

/** Every schema that the contract exports, by the name of its constant, in their order. */
export const schemas: ReadonlyMap<string, Schema> = new Map(
  [
    ids,
    reservation,
    pool,
    lease,
    batch,
    blocks,
    nodes,
    heartbeat,
    imports,
    questions,
    history,
    time,
    audit,
    events,
    forecast,
    silence,
    listPools,
    vrfs,
  ]
    .flatMap((module) =>
      Object.entries(module).flatMap(([name, value]): [string, Schema][] => (isSchema(value) ? [[name, value]] : [])),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1)),
);

/** @throws Error for a schema that the contract does not export */
export function nameOf(schema: Schema): string {
  for (const [name, other] of schemas) if (other === schema) return name;
  throw new Error('A route has a schema that the contract does not export: give it a name in core/contract');
}

export const textOf = (constant: string): string | undefined => documented.get(constant)?.text;

/** What is written beside a member of an object, else above the constant that it is; or in an object that it has it from. */
export function memberText(constant: string, member: string): string | undefined {
  const { members, constants, bases } = documented.get(constant) ?? NOTHING;
  const inherited = bases.map((base) => memberText(base, member)).find((text) => text !== undefined);
  return members.get(member) ?? textOf(constants.get(member) ?? '') ?? inherited;
}

const NOTHING: Pick<Documented, 'members' | 'constants' | 'bases'> = {
  members: new Map(),
  constants: new Map(),
  bases: [],
};

/** An object's members; undefined of what is no object. */
export function shapeOf(schema: Schema | undefined): Readonly<Record<string, Schema>> | undefined {
  const def = schema?._zod.def as { readonly type?: string; readonly shape?: Record<string, Schema> } | undefined;
  return def?.type === 'object' ? def.shape : undefined;
}

/** The schema, and what it wraps: of an optional one, of one with a default. */
function unwrapped(schema: Schema): Schema[] {
  const { innerType } = schema._zod.def as { readonly innerType?: Schema };
  return innerType === undefined ? [schema] : [schema, ...unwrapped(innerType)];
}

/** The text of a member, where the object has it from another one too. */
export function propertyText(constant: string, property: string): string | undefined {
  const schema = shapeOf(schemas.get(constant))?.[property];
  return memberText(constant, property) ?? (schema && textOfSame(schema, property));
}

/**
 * Where the object was extended, the member is the very one; where it was made optional, only what it wraps is. That two
 * members are the same constant of the contract says nothing: every name is a `cniName`.
 */
function textOfSame(schema: Schema, property: string): string | undefined {
  const named = new Set(schemas.values());
  const layers = unwrapped(schema).filter((layer) => !named.has(layer));
  const others = [...schemas].flatMap(([name, object]): [string, Schema][] => {
    const member = shapeOf(object)?.[property];
    return member === undefined ? [] : [[name, member]];
  });
  const same = [
    ...others.filter(([, member]) => member === schema && !named.has(schema)),
    ...others.filter(([, member]) => unwrapped(member).some((layer) => layers.includes(layer))),
  ];
  return same.map(([name]) => memberText(name, property)).find((text) => text !== undefined);
}
