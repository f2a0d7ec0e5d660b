/** Where a run takes place: the service's environments, each with a memory of its own, over a store in bad weather. */
import type { PoolDefinition } from '../../core/contract/pool.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { Store } from '../../core/store.ts';
import type { Dependencies } from '../../functions/use-cases/dependencies.ts';
import type { World } from '../functions/world.ts';
import type { Configuration } from './configurations.ts';
import type { Answer, Asked, recording } from './history.ts';
import { type Sky, underWeather } from './weather.ts';

export interface Stage extends Sky {
  readonly configuration: Configuration;
  readonly here: World;
  /** As the service's environments reach it. */
  readonly store: Store;
  readonly history: ReturnType<typeof recording>;
  readonly pool: PoolDefinition;
  readonly environments: readonly Dependencies[];
  /** Answers that the service should have known to be of no use to their node. */
  readonly useless: string[];
  /** Operations that are not ended, also those for whose answer nobody waits. */
  readonly underWay: Set<Promise<unknown>>;
  /** Once nothing new is to begin. */
  isOver: boolean;
}

/** What an operation came to, for who asked. */
export type Outcome<T> =
  | { readonly kind: 'answered'; readonly result: T }
  | { readonly kind: 'refused'; readonly error: LessorError }
  | { readonly kind: 'unanswered' };

/** One of so many answers of the service does not reach who asked. */
const LOST_ON_THE_WAY = 1 / 20;

/**
 * Asks one of the environments, and notes the operation, its requests and its answer.
 * @param answerOf what the result, or the refusal, says of slots and nodes
 */
export async function ask<T>(
  stage: Stage,
  asked: Asked,
  send: (deps: Dependencies) => Promise<T>,
  answerOf: (outcome: Exclude<Outcome<T>, { kind: 'unanswered' }>) => Answer,
): Promise<Outcome<T>> {
  const { history, chance } = stage;
  const operation = history.begin(asked);
  const environment = chance.pick(stage.environments);
  const store = underWeather(stage.store, stage, (sent) => operation.sent.push(sent));
  const answering = send({ ...environment, store }).then(
    (result): Outcome<T> => ({ kind: 'answered', result }),
    refusedOrUnanswered,
  );
  stage.underWay.add(answering);
  const outcome = await answering.finally(() => stage.underWay.delete(answering));
  history.end(operation);
  const isUnread = 'unread' in asked && asked.unread === true;
  const isLost = isUnread || (stage.configuration.weather.lost > 0 && chance.happens(LOST_ON_THE_WAY));
  if (outcome.kind === 'unanswered' || isLost) return { kind: 'unanswered' };
  history.answer(operation, answerOf(outcome));
  return outcome;
}

function refusedOrUnanswered(error: unknown): Outcome<never> {
  if (!(error instanceof LessorError) || error.code === 'service.fault') throw error;
  return error.kind.unanswered ? { kind: 'unanswered' } : { kind: 'refused', error };
}

export const nothing = (): Answer => ({ kind: 'nothing' });

/** So many turns go by. */
export async function wait({ turns }: Pick<Stage, 'turns'>, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await turns.next();
}
