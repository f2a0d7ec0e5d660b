/** resolv.conf as host-local reads it (containernetworking/plugins, plugins/ipam/host-local/dns.go). */
import type { Files } from '../machine/files.ts';
import { wrong } from './fields.ts';

export interface Dns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** Lists add up over the lines, the last domain counts; what is absent is left out. */
function parseResolvConf(text: string): Dns {
  const nameservers: string[] = [];
  const search: string[] = [];
  const options: string[] = [];
  let domain: string | undefined;
  for (const line of text.split('\n')) {
    const [keyword = '', ...values] = line.trim().split(/\s+/);
    const [first] = values;
    if (first === undefined || keyword.startsWith('#') || keyword.startsWith(';')) continue;
    if (keyword === 'nameserver') nameservers.push(first);
    else if (keyword === 'domain') domain = first;
    else if (keyword === 'search') search.push(...values);
    else if (keyword === 'options') options.push(...values);
  }
  return {
    ...(nameservers.length === 0 ? {} : { nameservers }),
    ...(domain === undefined ? {} : { domain }),
    ...(search.length === 0 ? {} : { search }),
    ...(options.length === 0 ? {} : { options }),
  };
}

/** @param path undefined where the configuration names no file. @throws LessorError `cni.configuration` where there is none */
export function readDns(files: Pick<Files, 'read'>, path: string | undefined): Dns {
  if (path === undefined) return {};
  const text = files.read(path);
  if (text !== undefined) return parseResolvConf(text);
  throw wrong(`ipam.resolvConf ${path} does not exist`, 'name a file on this node, or leave it out');
}
