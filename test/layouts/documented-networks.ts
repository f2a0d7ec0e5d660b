/** The network configurations of docs/kubernetes.md, read out of the page itself: what a test runs is what people copy. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { PluginList } from '../e2e/conflist.ts';

export interface DocumentedNetwork {
  /** The network's. */
  readonly name: string;
  /** Who gives its addresses, as it is written. */
  readonly ipam: string;
  /** A configuration of one plugin as a list of one, which is how it runs. */
  readonly list: PluginList;
}

type Plugin = PluginList['plugins'][number];
interface Written {
  readonly name: string;
  readonly cniVersion: string;
  readonly type?: string;
  readonly plugins?: readonly Plugin[];
}

export const PAGE = readFileSync('docs/kubernetes.md', 'utf8');

/** Every block of JSON, and the configuration of every network attachment definition. */
export const networksIn = (page: string): DocumentedNetwork[] =>
  [...page.matchAll(/^```(json|yaml)\n(.*?)^```$/gms)].map(([, language, text = '']) => {
    const written: Written = JSON.parse(language === 'yaml' ? parse(text).spec.config : text);
    const { name, cniVersion, plugins = [alone(written)] } = written;
    const [ipam = 'none'] = plugins.flatMap((one) => (one.ipam as { type?: string } | undefined)?.type ?? []);
    return { name, ipam, list: { name, cniVersion, plugins } };
  });

function alone({ name: _, cniVersion: __, type = '', ...fields }: Written): Plugin {
  return { type, ...fields };
}

/** Commands of the page, by block. */
export const commandsIn = (page: string): string[] =>
  [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);

/** @throws Error where the page has none, or two */
export function documentedNetwork(name: string, ipam = 'lessor'): PluginList {
  const [found, second] = networksIn(PAGE).filter((one) => one.name === name && one.ipam === ipam);
  if (found === undefined || second !== undefined)
    throw new Error(
      `docs/kubernetes.md has ${found === undefined ? 'no' : 'more than one'} network ${name} of ${ipam}`,
    );
  return found.list;
}
