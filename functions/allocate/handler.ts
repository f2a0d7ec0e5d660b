/** The allocating function. */
import { routes } from '../../core/contract/routes.ts';
import { answering, handlerOf } from '../http.ts';
import { dependencies } from '../runtime.ts';
import { allocate } from '../use-cases/allocate.ts';

export const handler = handlerOf(answering(routes.allocate, ({ call, body }) => allocate(dependencies, call, body)));
