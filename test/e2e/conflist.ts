/**
 * A list of plugins as libcni runs it (CNI specification 1.0.0, section 3): ADD one after the other, each with the result of
 * the one before; DEL in the reverse order with the result of the ADD; each plugin gets those runtime arguments of which it
 * says that it can use them.
 */
import { type CniAnswer, type CniRuntime, callPlugin } from '../../local/nodes/cni-runtime.ts';

export interface PluginList {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly { readonly type: string; readonly [field: string]: unknown }[];
}

export interface Container {
  readonly containerId: string;
  readonly ifname: string;
  readonly netns: string;
  readonly args?: Readonly<Record<string, string>>;
  /** What the runtime offers, by capability. */
  readonly runtimeConfig?: Readonly<Record<string, unknown>>;
}

/** The last plugin's result. @throws Error with what the plugin said that failed */
export async function addList(runtime: CniRuntime, list: PluginList, container: Container): Promise<unknown> {
  let result: unknown;
  for (const plugin of list.plugins)
    result = (await run(runtime, list, plugin, { verb: 'ADD', container, result })).output;
  return result;
}

/** @param result of the ADD. @throws Error with what the plugin said that failed */
export async function checkList(
  runtime: CniRuntime,
  list: PluginList,
  container: Container,
  result: unknown,
): Promise<void> {
  for (const plugin of list.plugins) await run(runtime, list, plugin, { verb: 'CHECK', container, result });
}

/** @param result of the ADD; undefined where the runtime lost it. @throws Error with what the plugin said that failed */
export async function deleteList(
  runtime: CniRuntime,
  list: PluginList,
  container: Container,
  result: unknown,
): Promise<void> {
  for (const plugin of list.plugins.toReversed()) await run(runtime, list, plugin, { verb: 'DEL', container, result });
}

interface Step {
  readonly verb: 'ADD' | 'CHECK' | 'DEL';
  readonly container: Container;
  readonly result: unknown;
}

async function run(
  runtime: CniRuntime,
  { cniVersion, name }: PluginList,
  plugin: PluginList['plugins'][number],
  { verb, container, result }: Step,
): Promise<CniAnswer> {
  const { runtimeConfig = {}, ...about } = container;
  const able = (plugin.capabilities ?? {}) as Record<string, boolean>;
  const offered = Object.entries(runtimeConfig).filter(([capability]) => able[capability]);
  const { capabilities: _, ...fields } = plugin;
  const configuration = {
    ...fields,
    cniVersion,
    name,
    ...(offered.length === 0 ? {} : { runtimeConfig: Object.fromEntries(offered) }),
    ...(result === undefined ? {} : { prevResult: result }),
  };
  const answer = await callPlugin(runtime, { ...about, verb, configuration });
  if (!answer.ok)
    throw new Error(`${verb} of ${plugin.type} failed: ${JSON.stringify(answer.output)} ${answer.stderr}`);
  return answer;
}
