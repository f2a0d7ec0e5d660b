/** Runs a list of plugins as libcni does: ADD and CHECK in order, each with the result before it, DEL in reverse with the last one. */
import { type CniAnswer, type CniCall, type CniRuntime, callPlugin } from '../../local/cni-runtime.ts';

export interface PluginList {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly {
    readonly type: string;
    readonly capabilities?: Readonly<Record<string, boolean>>;
    readonly [field: string]: unknown;
  }[];
}

export interface ListCall extends Pick<CniCall, 'containerId' | 'ifname' | 'netns' | 'args'> {
  /** By capability: each plugin is told of those that it has. */
  readonly capabilities?: Readonly<Record<string, unknown>>;
}

export class ListRuntime {
  readonly #runtime: CniRuntime;
  readonly #list: PluginList;

  constructor(runtime: CniRuntime, list: PluginList) {
    this.#runtime = runtime;
    this.#list = list;
  }

  /** The last plugin's answer, or that of the first one that failed. */
  add(call: ListCall): Promise<CniAnswer> {
    let result: unknown;
    return this.#each(this.#list.plugins, async (plugin) => {
      const answer = await this.#call('ADD', plugin, call, result);
      result = answer.output;
      return answer;
    });
  }

  /** @param result of the ADD; undefined where the runtime has none */
  check(call: ListCall, result: unknown): Promise<CniAnswer> {
    return this.#each(this.#list.plugins, (plugin) => this.#call('CHECK', plugin, call, result));
  }

  delete(call: ListCall, result?: unknown): Promise<CniAnswer> {
    return this.#each([...this.#list.plugins].reverse(), (plugin) => this.#call('DEL', plugin, call, result));
  }

  async #each(
    plugins: PluginList['plugins'],
    one: (plugin: PluginList['plugins'][number]) => Promise<CniAnswer>,
  ): Promise<CniAnswer> {
    let last: CniAnswer | undefined;
    for (const plugin of plugins) {
      last = await one(plugin);
      if (!last.ok) break;
    }
    if (last === undefined) throw new Error('the list has no plugin');
    return last;
  }

  #call(
    verb: CniCall['verb'],
    { capabilities = {}, ...plugin }: PluginList['plugins'][number],
    { capabilities: given = {}, ...call }: ListCall,
    prevResult: unknown,
  ): Promise<CniAnswer> {
    const { cniVersion, name } = this.#list;
    const told = Object.entries(given).filter(([capability]) => capabilities[capability] === true);
    const configuration = {
      ...plugin,
      cniVersion,
      name,
      ...(told.length === 0 ? {} : { runtimeConfig: Object.fromEntries(told) }),
      ...(prevResult === undefined ? {} : { prevResult }),
    };
    return callPlugin(this.#runtime, { ...call, verb, configuration });
  }
}
