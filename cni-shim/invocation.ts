/** The environment variables by which a runtime calls a CNI plugin (CNI specification, section 2). */
import type { Pod } from '../core/contract/messages.ts';
import { refusal, UnsupportedField } from './refusal.ts';
import type { Environment } from './surroundings.ts';

export interface Invocation {
  readonly containerId: string;
  readonly ifname: string;
  /** Path of the network namespace; a runtime that deletes may have none any more. */
  readonly netns?: string;
  readonly pod?: Pod;
}

/** CNI specification, sections 1 and 2: network names and container ids. */
export const CNI_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/;
/** Linux's dev_valid_name(). */
const IFNAME = /^(?!\.{1,2}$)[^/:\s]{1,15}$/;
const POD_VARIABLES = ['K8S_POD_NAMESPACE', 'K8S_POD_NAME', 'K8S_POD_UID'] as const;
const KNOWN_ARGUMENTS: readonly string[] = ['IP', 'IgnoreUnknown', 'K8S_POD_INFRA_CONTAINER_ID', ...POD_VARIABLES];

const wrong = (what: string, remedy: string) => refusal('cni.environment', what, remedy);

/** @throws LessorError `cni.environment`, which names the variables. */
export function parseInvocation(verb: 'ADD' | 'DEL', env: Environment): Invocation {
  const required = ['CNI_CONTAINERID', 'CNI_IFNAME', ...(verb === 'ADD' ? ['CNI_NETNS'] : [])];
  const missing = required.filter((name) => !env[name]);
  if (missing.length > 0)
    throw wrong(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set`, `CNI_COMMAND ${verb} needs it`);
  const { CNI_CONTAINERID: containerId = '', CNI_IFNAME: ifname = '', CNI_NETNS: netns, CNI_ARGS: args } = env;
  if (!CNI_NAME.test(containerId))
    throw wrong(
      `CNI_CONTAINERID ${JSON.stringify(containerId)} is not a container id`,
      'it begins with a letter or digit, holds only letters, digits, _ . - and has 255 characters at most',
    );
  if (!IFNAME.test(ifname))
    throw wrong(
      `CNI_IFNAME ${JSON.stringify(ifname)} is not an interface name`,
      'it has 1 to 15 characters without white space, / or :, and is neither . nor ..',
    );
  const given = parseArguments(args ?? '');
  const ip = given.get('IP');
  // Handing out another address than the requested one without a word would be worse than no address.
  if (ip && verb === 'ADD') throw new UnsupportedField('CNI_ARGS IP', ip, 'leave it out, the pool chooses the address');
  const pod = podOf(given);
  return { containerId, ifname, ...(netns ? { netns } : {}), ...(pod ? { pod } : {}) };
}

/** CNI conventions: `KEY=value;KEY=value`; unknown keys are an error unless IgnoreUnknown is true. */
function parseArguments(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const pair of text === '' ? [] : text.split(';')) {
    const [key = '', value, ...rest] = pair.split('=');
    if (value === undefined || rest.length > 0)
      throw wrong(`CNI_ARGS holds ${JSON.stringify(pair)}`, 'write it as KEY=value, pairs separated by ;');
    found.set(key, value);
  }
  const ignore = ['1', 'true'].includes(found.get('IgnoreUnknown')?.toLowerCase() ?? '');
  const unknown = [...found.keys()].filter((key) => !KNOWN_ARGUMENTS.includes(key));
  if (unknown.length > 0 && !ignore)
    throw wrong(`CNI_ARGS holds the unknown ${unknown.join(', ')}`, 'leave it out, or add IgnoreUnknown=1');
  return found;
}

function podOf(args: ReadonlyMap<string, string>): Pod | undefined {
  for (const name of POD_VARIABLES) {
    if ((args.get(name)?.length ?? 0) > 253)
      throw wrong(`CNI_ARGS ${name} is longer than 253 characters`, 'shorten it');
  }
  const [namespace, name, uid] = POD_VARIABLES.map((variable) => args.get(variable));
  return namespace && name ? { namespace, name, ...(uid ? { uid } : {}) } : undefined;
}
