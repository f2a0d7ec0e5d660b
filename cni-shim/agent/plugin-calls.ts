/** What the plugin did, counted from its log. */
import { problems } from '../../core/contract/problems.ts';
import { newCalls } from '../log/new-calls.ts';
import { inDataDir } from '../machine/layout.ts';
import { logFileOf } from '../machine/node-configuration.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import type { AccessOptions } from '../sync/node-access.ts';
import type { Metrics } from './metrics.ts';

/** CNI codes by which an ADD is told that no address is to be had now: the project's own, and *try again later*. */
const REFUSALS = new Set(Object.values(problems).flatMap(({ cni }) => (cni === 11 || cni >= 100 ? [cni] : [])));

/** Counts the calls of the plugin from its log, each time that somebody reads the figures. */
export function callCounter(
  surroundings: Surroundings,
  { config }: Pick<AccessOptions, 'config'>,
  dataDirs: readonly string[],
  { pluginCalls, pluginFailures }: Metrics,
): { count(): void; close(): void } {
  const log = logFileOf(config === undefined ? {} : { config }, surroundings);
  const paths = log === undefined ? [] : [...new Set([log, ...dataDirs.map((one) => inDataDir(one).log)])];
  const logs = paths.map(newCalls);
  // A rate does not see the event with which a series begins: those that are watched begin with none.
  for (const verb of ['ADD', 'DEL']) pluginCalls.zero({ verb });
  for (const code of REFUSALS) pluginFailures.inc({ verb: 'ADD', code: String(code) }, 0);
  return {
    count() {
      for (const { verb, ms, code } of logs.flatMap((one) => one.look())) {
        pluginCalls.observe({ verb }, ms / 1000);
        if (code !== undefined) pluginFailures.inc({ verb, code: String(code) });
      }
    },
    close() {
      for (const one of logs) one.close();
    },
  };
}
