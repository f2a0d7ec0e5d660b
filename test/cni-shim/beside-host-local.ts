/** Debian's host-local and the compiled plugin, called with the same configuration. */
import { existsSync } from 'node:fs';
import { buildPlugin } from '../../cni-shim/build/build.ts';
import { type CniVersion, supportedVersions } from '../../cni-shim/cni/version.ts';
import { FakeApi } from './fake-api.ts';
import { Node } from './in-process.ts';
import { call } from './plugin-process.ts';

export const HOST_LOCAL = '/usr/lib/cni/host-local';
/** Why there is nothing to compare with; empty where there is. */
export const missing = existsSync(HOST_LOCAL)
  ? ''
  : ` (skipped: ${HOST_LOCAL} is missing, install containernetworking-plugins)`;

/** containernetworking-plugins 1.1.1 knows no later one. */
export const sharedVersions = supportedVersions.filter((version) => version !== '1.1.0');

/** What the runtime asks for: CNI_ARGS, args.cni.ips, and the ips and ipRanges of runtimeConfig. */
export interface Requested {
  readonly args?: string;
  readonly ips?: unknown;
  readonly runtime?: unknown;
  readonly ipRanges?: unknown;
}

export interface Comparison {
  readonly verb: 'ADD' | 'DEL' | 'CHECK';
  /** Undefined: none is written. */
  readonly cniVersion: string | undefined;
  /** Without `type`. */
  readonly ipam: Record<string, unknown>;
  readonly requested?: Requested;
}

export class BesideHostLocal {
  readonly api: FakeApi;
  readonly executable: string;
  #networks = 0;

  private constructor(api: FakeApi, executable: string) {
    this.api = api;
    this.executable = executable;
  }

  static async start(): Promise<BesideHostLocal> {
    const { path } = await buildPlugin();
    return new BesideHostLocal(await FakeApi.start(), path);
  }

  stop = (): Promise<void> => this.api.stop();

  networkName = (): string => `net-${this.#networks++}`;

  /** Both plugins' answers for a network that neither has seen. */
  async both({ verb, cniVersion, ipam, requested: { args, ips, runtime, ipRanges } = {} }: Comparison) {
    const node = new Node(this.api);
    try {
      const name = this.networkName();
      const env = { ...node.env, CNI_COMMAND: verb, CNI_CONTAINERID: 'c1', CNI_ARGS: args };
      const rest = { args: { cni: { ips } }, runtimeConfig: { ips: runtime, ipRanges } };
      const stdin = (type: string) =>
        JSON.stringify({ cniVersion, name, type: 'bridge', ipam: { type, ...ipam, dataDir: node.directory }, ...rest });
      return {
        hostLocal: await call({ executable: HOST_LOCAL, env, stdin: stdin('host-local') }),
        lessor: await call({ executable: this.executable, env, stdin: stdin('lessor') }),
      };
    } finally {
      node.remove();
    }
  }

  /** As `both`; what host-local says for 1.1.0 is what it says for 1.0.0: their results are the same. */
  async bothOf(cniVersion: CniVersion, comparison: Omit<Comparison, 'cniVersion'>) {
    if (cniVersion !== '1.1.0') return this.both({ ...comparison, cniVersion });
    const { hostLocal } = await this.both({ ...comparison, cniVersion: '1.0.0' });
    const { lessor } = await this.both({ ...comparison, cniVersion });
    return { hostLocal: { ...hostLocal, printed: { ...hostLocal.printed, cniVersion } }, lessor };
  }
}
