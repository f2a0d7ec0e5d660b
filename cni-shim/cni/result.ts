/** What the plugin prints: CNI results as host-local gives them, and CNI error objects (specification, section 5). */
import type { AllocateResult } from '../../core/contract/lease.ts';
import { LessorError } from '../../core/contract/problems.ts';
import { shownText } from '../../core/contract/shown-text.ts';
import { isFileError } from '../machine/files.ts';
import { CniRefusal, ReferenceRefusal, refusal } from '../machine/refusal.ts';
import type { Dns } from './resolv-conf.ts';
import type { Route } from './route.ts';
import { type CniVersion, isSince } from './version.ts';

/** Our own code (100 and above are the plugin's) for what should never happen. */
const FAULT_CODE = 100;

export interface Result {
  readonly cniVersion: CniVersion;
  readonly addresses: AllocateResult['addresses'];
  readonly routes: readonly Route[];
  readonly dns: Dns;
}

/**
 * Abbreviated, as every IPAM result is: no interfaces. Empty lists are left out, `dns` never is, as host-local does.
 * @throws LessorError `cni.configuration` where the version has no room for so many addresses.
 */
export function addResult({ cniVersion, addresses, routes, dns }: Result): unknown {
  ensureOnePerFamily(
    cniVersion,
    addresses.map(({ address }) => familyOf(address)),
  );
  if (!isSince('0.3.0', cniVersion)) return oldResult({ cniVersion, addresses, routes, dns });
  return {
    cniVersion,
    ips: addresses.map(({ address, gateway }) => ({
      ...(isSince('1.0.0', cniVersion) ? {} : { version: String(familyOf(address)) }),
      address,
      gateway,
    })),
    ...(routes.length === 0 ? {} : { routes }),
    dns,
  };
}

/**
 * CNI specification 0.1.0 and 0.2.0. Each family has the routes to destinations of its own, without what routes have had
 * since (libcni, pkg/types/040/types.go, convertTo02x).
 */
function oldResult({ cniVersion, addresses, routes, dns }: Result): unknown {
  const ofFamily = (family: 4 | 6) =>
    addresses
      .filter(({ address }) => familyOf(address) === family)
      .map(({ address, gateway }) => {
        const reached = routes.filter(({ dst }) => familyOf(dst) === family);
        const plain = reached.map(({ dst, gw }) => ({ dst, ...(gw === undefined ? {} : { gw }) }));
        return [`ip${family}`, { ip: address, gateway, ...(plain.length === 0 ? {} : { routes: plain }) }] as const;
      });
  return { cniVersion, ...Object.fromEntries([...ofFamily(4), ...ofFamily(6)]), dns };
}

const familyOf = (text: string): 4 | 6 => (text.includes(':') ? 6 : 4);

/** @throws LessorError `cni.configuration` */
export function ensureOnePerFamily(cniVersion: CniVersion, families: readonly (4 | 6)[]): void {
  if (isSince('0.3.0', cniVersion)) return;
  for (const family of [4, 6]) {
    const count = families.filter((one) => one === family).length;
    if (count > 1)
      throw new ReferenceRefusal(
        'cni.configuration',
        `CNI version ${cniVersion} does not support more than 1 address per family`,
        {
          remedy: `ipam gives ${count} of IPv${family}: use cniVersion 0.3.0 or a later one, or one range set of each family`,
        },
      );
  }
}

export interface CniError {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** Characters: errors may quote what a server wrote. */
const LONGEST_TEXT = 2000;

/** `cniVersion` is the caller's where it is known. Runtimes write the texts into their logs, and kubelet into the pod's events. */
export function cniError(thrown: unknown, cniVersion: string): CniError {
  const { msg, details, ...rest } = wholeError(thrown, cniVersion);
  return { ...rest, msg: shownPart(msg), details: shownPart(details) };
}

const shownPart = (text: string): string => shownText(text.slice(0, LONGEST_TEXT));

function wholeError(thrown: unknown, cniVersion: string): CniError {
  const error = isFileError(thrown) ? storageError(thrown) : thrown;
  if (!(error instanceof LessorError)) {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return {
      cniVersion,
      code: FAULT_CODE,
      msg: `lessor: a fault in the plugin: ${text}`,
      details: 'nothing that the plugin was given should cause this: please report it',
    };
  }
  const code = error instanceof CniRefusal ? error.cni : error.kind.cni;
  const { requestId } = error.facts;
  const request = typeof requestId === 'string' ? ` (request ${requestId})` : '';
  // An error of one text only is the service's, or of code that both sides share.
  const [msg, details] = error.remedy === undefined ? [error.kind.title, error.message] : [error.what, error.remedy];
  const whose = error instanceof ReferenceRefusal ? '' : 'lessor: ';
  return { cniVersion, code, msg: `${whose}${msg}`, details: `${details}${request}` };
}

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'run the plugin as root, or give it a directory of its own: dataDir in the node configuration',
  EPERM: 'run the plugin as root, or give it a directory of its own: dataDir in the node configuration',
  EROFS: 'the file system is read-only: name a writable directory as dataDir in the node configuration',
  ENOSPC: 'the disk is full: free some space, or name another directory as dataDir in the node configuration',
  EISDIR: 'a directory stands where a file is needed: name the file, or move the directory away',
  ENAMETOOLONG: 'give it a shorter path',
  EPIPE: 'who reads it ended before: let it read to the end',
  ENOTDIR: 'a file stands where a directory is needed: move it away, or name another directory as dataDir',
};

export function storageError(error: NodeJS.ErrnoException): LessorError {
  const code = error.code ?? 'unknown';
  const what = `${error.syscall ?? 'access'} ${error.path ?? "a file of the plugin's state"} failed with ${code}`;
  return refusal('node.storage', what, remedies[code] ?? "look at the disk that holds the plugin's dataDir", error);
}
