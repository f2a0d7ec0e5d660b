/** The environment variables by which a runtime calls a CNI plugin (CNI specification, section 2). */

import { formatAddress, parseAddress, parsePrefix } from '../../core/addresses/address.ts';
import type { Pod } from '../../core/contract/ids.ts';
import { isInterfaceName, isName, isPrintable, most } from '../../core/contract/limits.ts';
import { show } from '../machine/json.ts';
import { refusal } from '../machine/refusal.ts';
import type { Environment } from '../machine/surroundings.ts';

export interface Invocation {
  readonly containerId: string;
  readonly ifname: string;
  /** Absolute path of the network namespace; a runtime that deletes may have none any more. */
  readonly netns?: string;
  readonly pod?: Pod;
  /** Those that CNI_ARGS asks for. */
  readonly addresses?: readonly string[];
}

/** Linux's PATH_MAX. */
const NETNS = /^\/.{0,4094}$/;
const POD_VARIABLES = ['K8S_POD_NAMESPACE', 'K8S_POD_NAME', 'K8S_POD_UID'] as const;
export const ADDRESS_REMEDY = 'write one, like 10.1.0.5, 10.1.0.5/16 or fd00::5';
const KNOWN_ARGUMENTS: readonly string[] = ['IP', 'IgnoreUnknown', 'K8S_POD_INFRA_CONTAINER_ID', ...POD_VARIABLES];

const wrong = (what: string, remedy: string) => refusal('cni.environment', what, remedy);

/** @throws LessorError `cni.environment`, which names the variables. */
export function parseInvocation(verb: 'ADD' | 'DEL' | 'CHECK', env: Environment): Invocation {
  const required = ['CNI_CONTAINERID', 'CNI_IFNAME', ...(verb === 'DEL' ? [] : ['CNI_NETNS'])];
  const missing = required.filter((name) => !env[name]);
  if (missing.length > 0)
    throw wrong(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`, `CNI_COMMAND ${verb} needs it`);
  const { CNI_CONTAINERID: containerId = '', CNI_IFNAME: ifname = '', CNI_ARGS: args } = env;
  if (!isName(containerId))
    throw wrong(
      `CNI_CONTAINERID ${show(containerId)} is not a container id`,
      'it begins with a letter or digit, holds only letters, digits, _ . - and has 255 characters at most',
    );
  if (!isInterfaceName(ifname))
    throw wrong(
      `CNI_IFNAME ${show(ifname)} is not an interface name`,
      'it has 1 to 15 characters without white space, / or :, and is neither . nor ..',
    );
  const netns = namespaceIn(verb, env.CNI_NETNS);
  const given = verb === 'DEL' ? readableArguments(args ?? '') : parseArguments(args ?? '');
  const pod = podOf(given);
  const addresses = verb === 'ADD' ? addressesIn(given) : [];
  return {
    containerId,
    ifname,
    ...(netns ? { netns } : {}),
    ...(pod ? { pod } : {}),
    ...(addresses.length === 0 ? {} : { addresses }),
  };
}

/** What a relative one means depends on the working directory, and is looked for later by other processes. */
function namespaceIn(verb: string, path: string | undefined): string | undefined {
  if (!path || NETNS.test(path)) return path;
  // The namespace may be gone, so a DEL has no use for it.
  if (verb === 'DEL') return undefined;
  throw wrong(
    `CNI_NETNS ${show(path)} is not a path of a network namespace`,
    'write an absolute one, like /var/run/netns/pod',
  );
}

/** Several have commas between them, as Multus writes what a pod's annotation asks for. An empty text asks for nothing. */
function addressesIn(args: ReadonlyMap<string, string>): string[] {
  const text = args.get('IP');
  if (!text) return [];
  return text.split(',').map((one) => {
    const address = requestedAddress(one);
    if (address !== undefined) return address;
    throw wrong(`CNI_ARGS IP ${show(text)} is no IP address`, ADDRESS_REMEDY);
  });
}

/** In one spelling, without the prefix length that it may have: that is the subnet's. Undefined where it is no address. */
export function requestedAddress(text: string): string | undefined {
  const address = text.includes('/') ? parsePrefix(text)?.address : parseAddress(text);
  return address && formatAddress(address);
}

/** CNI conventions: `KEY=value;KEY=value`; unknown keys are an error unless IgnoreUnknown is true. */
function parseArguments(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of text === '' ? [] : text.split(';')) {
    const [key = '', value, ...rest] = pair.split('=');
    if (value === undefined || rest.length > 0)
      throw wrong(`CNI_ARGS holds ${show(pair)}`, 'write it as KEY=value, pairs separated by ;');
    const former = found.get(key);
    if (POD_VARIABLES.some((name) => name === key) && former !== undefined && former !== value)
      throw wrong(`CNI_ARGS holds ${key} twice, ${show(former)} and ${show(value)}`, 'give it once');
    found.set(key, value);
  }
  const ignore = ['1', 'true'].includes(found.get('IgnoreUnknown')?.toLowerCase() ?? '');
  const unknown = [...found.keys()].filter((key) => !KNOWN_ARGUMENTS.includes(key));
  if (unknown.length > 0 && !ignore)
    throw wrong(`CNI_ARGS holds the unknown ${unknown.map(show).join(', ')}`, 'leave it out, or add IgnoreUnknown=1');
  return found;
}

/** Of a DEL, which has no use for them but in the log: as far as they are what they should be. */
const readableArguments = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split(';').flatMap((pair) => {
      const [key = '', value, ...rest] = pair.split('=');
      return value === undefined || rest.length > 0 || value.length > most.podText || !isPrintable(value)
        ? []
        : [[key, value] as const];
    }),
  );

function podOf(args: ReadonlyMap<string, string>): Pod | undefined {
  for (const name of POD_VARIABLES) {
    if ((args.get(name)?.length ?? 0) > most.podText)
      throw wrong(`CNI_ARGS ${name} is longer than ${most.podText} characters`, 'shorten it');
    if (!isPrintable(args.get(name) ?? ''))
      throw wrong(`CNI_ARGS ${name} ${show(args.get(name) ?? '')} has control characters`, 'leave them out');
  }
  const [namespace, name, uid] = POD_VARIABLES.map((variable) => args.get(variable));
  return namespace && name ? { namespace, name, ...(uid ? { uid } : {}) } : undefined;
}
