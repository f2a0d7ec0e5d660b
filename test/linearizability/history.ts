/**
 * What was asked of the service and what it answered, by many at once: each operation with the moments of its invocation and
 * of its response, and from that, of each slot, block and node, the history that `wgl.ts` checks.
 */
import type { BlockState } from '../../core/protocol/block.ts';
import type { Ending, Holding, SlotState } from '../../core/protocol/lease.ts';
import type { DeathRecord, NodeState } from '../../core/protocol/node.ts';
import { blockKeyToText, type SlotKey } from '../../core/protocol/slot-ref.ts';
import { type BlockOperation, blockSpecification } from './block.ts';
import { type IdentityOperation, identitySpecification } from './identity.ts';
import { type Declaration, type LifeOperation, lifeSpecification } from './life.ts';
import { type Evidence, nameOf, type SlotOperation, slotSpecification, type Try } from './slot.ts';
import type { Sent } from './weather.ts';
import { check, type Recorded, type Specification } from './wgl.ts';

export interface Moment {
  /** Logical. */
  readonly at: number;
  /** Milliseconds. */
  readonly clock: number;
}

/** What an operation is answered; without an answer it is pending for ever. */
export type Answer =
  | { readonly kind: 'granted'; readonly slot: SlotKey; readonly generation: number; readonly life: number }
  | { readonly kind: 'full' }
  | { readonly kind: 'released'; readonly slots: readonly SlotKey[] }
  | { readonly kind: 'declared'; readonly life: number }
  | { readonly kind: 'lost' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'nothing' };

/** @param unread a copy that the network made: nobody reads its answer */
export type Asked =
  | { readonly kind: 'add'; readonly by: Try; readonly boot: string; readonly unread?: boolean }
  | { readonly kind: 'report'; readonly by: Try; readonly slot: SlotKey }
  /** @param everywhere whether it looks for the try in all of the node's blocks */
  | { readonly kind: 'del'; readonly by: Try; readonly everywhere: boolean; readonly unread?: boolean }
  | { readonly kind: 'declare'; readonly node: string }
  | { readonly kind: 'delete pool'; readonly pool: string }
  | { readonly kind: 'other'; readonly what: string };

/** One operation, from its invocation on. */
export interface Operation {
  readonly asked: Asked;
  readonly invoked: Moment;
  /** The requests that it sent to the store. */
  readonly sent: Sent[];
  answered?: { readonly answer: Answer; readonly moment: Moment };
  /** When the service was done with it, whether or not anybody was told. */
  ended?: Moment;
}

/** What an object's history came to. */
export interface Checked {
  readonly object: string;
  readonly outcome: 'linearizable' | 'violated' | 'undecided';
  readonly operations: number;
  readonly searched: number;
  /** The longest order that was found, and what cannot come next. */
  readonly story: readonly string[];
}

const NEVER = Number.POSITIVE_INFINITY;
const textOf = (key: SlotKey): string => `${blockKeyToText(key)}/${key.slot}`;

/** How long (ms) a released address cools, and for how long an environment may go on with the life of a node that it knows. */
export interface Times {
  readonly cooldown: number;
  readonly remembered: number;
}

export function recording(clock: { readonly now: number }, { cooldown, remembered }: Times) {
  let time = 0;
  const moment = (): Moment => {
    time += 1;
    return { at: time, clock: clock.now };
  };
  const operations: Operation[] = [];
  const slots = new Map<string, Recorded<SlotOperation>[]>();
  const blocks = new Map<string, Recorded<BlockOperation>[]>();
  const lives = new Map<string, Recorded<LifeOperation>[]>();
  const identities = new Map<string, Recorded<IdentityOperation>[]>();
  const put = <T>(
    all: Map<string, Recorded<T>[]>,
    object: string,
    invoked: number,
    responded: number,
    operation: T,
  ) => {
    const history = all.get(object) ?? [];
    history.push({ operation, invoked, responded });
    all.set(object, history);
  };

  return {
    operations,
    begin(asked: Asked): Operation {
      const operation: Operation = { asked, invoked: moment(), sent: [] };
      operations.push(operation);
      return operation;
    },
    answer(operation: Operation, answer: Answer): void {
      operation.answered = { answer, moment: moment() };
    },
    end(operation: Operation): void {
      operation.ended = moment();
    },
    /** A fact of one moment. */
    happens(key: SlotKey, operation: SlotOperation): void {
      const { at } = moment();
      put(slots, textOf(key), at, moment().at, operation);
    },
    /** Its container is gone. */
    leaves(by: Try): void {
      if (by.identity !== undefined) put(identities, by.identity, moment().at, moment().at, { kind: 'left', by });
    },
    moment,
    /** @param since when the table was asked */
    slotRead: (key: SlotKey, state: SlotState | undefined, since: Moment) =>
      put(slots, textOf(key), since.at, moment().at, { kind: 'read', state }),
    blockRead: (object: string, state: BlockState | undefined, since: Moment) =>
      put(blocks, object, since.at, moment().at, { kind: 'read', state }),
    nodeRead: (node: string, state: NodeState | undefined, since: Moment) =>
      put(lives, node, since.at, moment().at, { kind: 'read', state }),

    /** Each object's verdict. */
    check(): Checked[] {
      const all = new Map([...slots].map(([key, known]) => [key, [...known]]));
      for (const operation of operations) for (const [key, one] of effectsOf(operation)) put(all, key, ...one);
      for (const operation of operations) for (const [key, one] of absences(operation, all)) put(all, key, ...one);
      for (const [node, one] of operations.flatMap(lifeOf)) put(lives, node, ...one);
      for (const [name, one] of operations.flatMap(identityOf)) put(identities, name, ...one);
      const evidence = operations.flatMap((operation) => evidenceOf(operation, cooldown));
      const declarations = operations.flatMap((operation) => declarationOf(operation, operations));
      const slotObject = slotSpecification(evidence);
      return [
        ...[...all].map(([key, history]) => checked(`slot ${key}`, history, slotObject)),
        ...[...blocks].map(([key, history]) => checked(`block ${key}`, history, blockSpecification)),
        ...[...identities].map(([name, history]) =>
          checked(`identity ${name}`, history, identitySpecification(evidence)),
        ),
        ...[...lives].map(([node, history]) => {
          const ofNode = declarations.filter((one) => one.node === node);
          return checked(`node ${node}`, history, lifeSpecification(ofNode, remembered));
        }),
      ];
    },
  };

  /** What an operation did to slots, and what it may have done or may yet do. */
  function effectsOf({ asked, invoked, sent, answered }: Operation): [string, Timed<SlotOperation>][] {
    const { answer, moment: end } = answered ?? {};
    const definite = (key: SlotKey, operation: SlotOperation): [string, Timed<SlotOperation>] => [
      textOf(key),
      [invoked.at, end?.at ?? NEVER, operation],
    ];
    const clocks = { from: invoked.clock, to: end?.clock ?? NEVER };
    const effects: [string, Timed<SlotOperation>][] = [];
    if (asked.kind === 'add' || asked.kind === 'report') {
      const { by } = asked;
      if (answer?.kind === 'granted') {
        const { slot, generation, life } = answer;
        effects.push(definite(slot, { kind: 'acquire', by, generation, life, ...clocks }));
      }
      if (answer?.kind === 'lost' && asked.kind === 'report') effects.push(definite(asked.slot, { kind: 'lost', by }));
    }
    if (asked.kind === 'del' && answer?.kind === 'released')
      for (const key of answer.slots)
        effects.push(definite(key, { kind: 'release', by: asked.by, cooldown, ...clocks }));
    for (const request of sent) {
      const key = request.args[0] as SlotKey;
      for (const late of lateEffects(request, asked, answer)) effects.push([textOf(key), [invoked.at, NEVER, late]]);
    }
    return effects;
  }
}

/** What a request may still do, once for each time that it may be carried out, beyond what the operation was answered. */
function lateEffects(request: Sent, asked: Asked, answer: Answer | undefined): SlotOperation[] {
  const effect = effectOf(request, asked);
  if (effect === undefined) return [];
  const { answer: told, doubled, args } = request;
  const isRefused = told === false || (told as { held?: boolean } | undefined)?.held === false;
  const slots = answer?.kind === 'granted' ? [answer.slot] : answer?.kind === 'released' ? answer.slots : [];
  const isAnswered = told !== undefined && slots.some((slot) => textOf(slot) === textOf(args[0] as SlotKey));
  return [...(isRefused || isAnswered ? [] : [effect]), ...(doubled ? [effect] : [])];
}

/** What it does to its slot, if its conditions hold. */
function effectOf({ name, args }: Sent, asked: Asked): SlotOperation | undefined {
  if (name === 'hold' && (asked.kind === 'add' || asked.kind === 'report')) {
    const { incarnation: life, heldAt } = args[1] as Holding;
    return { kind: 'acquire', by: asked.by, generation: args[2] as number, life, from: heldAt, to: heldAt };
  }
  if (name === 'release' && asked.kind === 'del') {
    const { reusableAt, keptUntil: at = reusableAt } = args[2] as Ending;
    return { kind: 'release', by: asked.by, cooldown: 0, from: at, to: at };
  }
  return undefined;
}

type Timed<T> = readonly [invoked: number, responded: number, operation: T];

/** What an answer says of slots that it does not name. */
function absences(
  { asked, invoked, sent, answered }: Operation,
  slots: ReadonlyMap<string, readonly Recorded<SlotOperation>[]>,
): [string, Timed<SlotOperation>][] {
  if (answered === undefined) return [];
  const { answer, moment: end } = answered;
  const each = (keys: Iterable<string>, operation: SlotOperation): [string, Timed<SlotOperation>][] =>
    [...keys].map((key) => [key, [invoked.at, end.at, operation]]);
  if (asked.kind === 'delete pool' && answer.kind === 'deleted')
    return each(
      [...slots.keys()].filter((key) => key.startsWith(`${asked.pool}:`)),
      { kind: 'pool deleted' },
    );
  if (asked.kind === 'add' && answer.kind === 'full')
    return each(slots.keys(), { kind: 'not to be had', from: invoked.clock, to: end.clock });
  if (asked.kind === 'del' && answer.kind === 'released') {
    const released = new Set(answer.slots.map(textOf));
    const looked = asked.everywhere
      ? [...slots]
          .filter(([, history]) => history.some(({ operation }) => isBy(operation, asked.by)))
          .map(([key]) => key)
      : sent.filter(({ name }) => name === 'release').map(({ args }) => textOf(args[0] as SlotKey));
    return each(new Set(looked.filter((key) => !released.has(key))), { kind: 'not held', by: asked.by });
  }
  return [];
}

const isBy = (operation: SlotOperation, by: Try): boolean =>
  operation.kind === 'acquire' && nameOf(operation.by) === nameOf(by);

function lifeOf({ asked, invoked, answered }: Operation): [string, Timed<LifeOperation>][] {
  if (asked.kind !== 'add' || answered?.answer.kind !== 'granted') return [];
  const { life } = answered.answer;
  const operation: LifeOperation = { kind: 'answered', life, boot: asked.boot, from: invoked.clock };
  return [[asked.by.node, [invoked.at, answered.moment.at, operation]]];
}

function identityOf({ asked, invoked, answered }: Operation): [string, Timed<IdentityOperation>][] {
  if (asked.kind !== 'add' || asked.by.identity === undefined || answered?.answer.kind !== 'granted') return [];
  const { slot, life } = answered.answer;
  const operation: IdentityOperation = { kind: 'has', by: asked.by, slot: textOf(slot), life };
  return [[asked.by.identity, [invoked.at, answered.moment.at, operation]]];
}

/** The life that a declaration names: as it was answered, else as it was asked of the store. */
function lifeDeclared({ asked, sent, answered }: Operation): number | undefined {
  if (asked.kind !== 'declare') return undefined;
  if (answered?.answer.kind === 'declared') return answered.answer.life;
  const record = sent.find(({ name }) => name === 'recordDeath')?.args[0] as DeathRecord | undefined;
  return record?.incarnation;
}

function evidenceOf(operation: Operation, cooldown: number): Evidence[] {
  const life = lifeDeclared(operation);
  if (life === undefined || operation.asked.kind !== 'declare') return [];
  const { at, clock } = operation.invoked;
  return [{ node: operation.asked.node, life, invoked: at, clock, cooldown }];
}

function declarationOf(operation: Operation, all: readonly Operation[]): (Declaration & { readonly node: string })[] {
  const life = lifeDeclared(operation);
  const { asked, invoked, answered } = operation;
  if (life === undefined || asked.kind !== 'declare') return [];
  const { node } = asked;
  // What was under way when it was answered may have read of the life that it ends.
  const underWay = all.filter((one) => one.asked.kind === 'add' && one.asked.by.node === node);
  const ends = underWay
    .filter((one) => one.invoked.at < (answered?.moment.at ?? NEVER))
    .map(({ ended }) => ended?.clock ?? NEVER);
  const knownAt = Math.max(answered?.moment.clock ?? NEVER, ...ends);
  return [{ node, life, invoked: invoked.at, knownAt }];
}

function checked<State, T extends { readonly kind: string }>(
  object: string,
  history: readonly Recorded<T>[],
  specification: Specification<State, T>,
): Checked {
  const verdict = check(history, specification);
  const line = ({ operation, invoked, responded }: Recorded<T>) =>
    `${invoked} to ${responded === NEVER ? 'no answer' : responded}: ${told(operation)}`;
  const story =
    verdict.outcome === 'linearizable'
      ? []
      : [
          ...verdict.order.map(line),
          `then it is ${told(verdict.state)}, and there cannot come`,
          ...verdict.stuck.map(line),
        ];
  return { object, outcome: verdict.outcome, operations: history.length, searched: verdict.searched, story };
}

const told = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (part instanceof Map ? [...part] : typeof part === 'bigint' ? `${part}` : part));
