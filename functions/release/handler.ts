/** The releasing function. */
import { routes } from '../../core/contract/routes.ts';
import { answering, handlerOf } from '../http.ts';
import { dependencies } from '../runtime.ts';
import { giveBack } from '../use-cases/give-back.ts';
import { release } from '../use-cases/release.ts';

export const handler = handlerOf({
  ...answering(routes.release, ({ call, body }) => release(dependencies, call, body)),
  ...answering(routes.giveBack, ({ call, body }) => giveBack(dependencies, call, body)),
});
