/** What the plugin prints: CNI results as host-local gives them, and CNI error objects (specification, section 5). */
import type { AllocateResult } from '../core/contract/messages.ts';
import { LessorError } from '../core/contract/problems.ts';
import { isFileError } from './files.ts';
import type { Route } from './network-configuration.ts';
import { CniRefusal, refusal } from './refusal.ts';
import type { Dns } from './resolv-conf.ts';

export const supportedVersions = ['0.3.1', '0.4.0', '1.0.0'] as const;
export type CniVersion = (typeof supportedVersions)[number];

/** Our own code (100 and above are the plugin's) for what should never happen. */
const FAULT_CODE = 100;

export interface Result {
  readonly cniVersion: CniVersion;
  readonly addresses: AllocateResult['addresses'];
  readonly routes: readonly Route[];
  readonly dns: Dns;
}

/** Abbreviated, as every IPAM result is: no interfaces. Empty lists are left out, `dns` never is, as host-local does. */
export function addResult({ cniVersion, addresses, routes, dns }: Result): unknown {
  return {
    cniVersion,
    ips: addresses.map(({ address, gateway }) => ({
      ...(cniVersion === '1.0.0' ? {} : { version: address.includes(':') ? '6' : '4' }),
      address,
      gateway,
    })),
    ...(routes.length === 0 ? {} : { routes }),
    dns,
  };
}

export interface CniError {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** `cniVersion` is the caller's where it is known. */
export function cniError(thrown: unknown, cniVersion: string): CniError {
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
  const { remedy, requestId } = error.facts;
  const request = typeof requestId === 'string' ? ` (request ${requestId})` : '';
  return typeof remedy === 'string' && error.message.endsWith(`: ${remedy}`)
    ? {
        cniVersion,
        code,
        msg: `lessor: ${error.message.slice(0, -remedy.length - 2)}`,
        details: `${remedy}${request}`,
      }
    : { cniVersion, code, msg: `lessor: ${error.kind.title}`, details: `${error.message}${request}` };
}

const remedies: Readonly<Record<string, string>> = {
  EACCES: 'run the plugin as root, or give it a directory of its own: dataDir in the node configuration',
  EPERM: 'run the plugin as root, or give it a directory of its own: dataDir in the node configuration',
  EROFS: 'the file system is read-only: name a writable directory as dataDir in the node configuration',
  ENOSPC: 'the disk is full: free some space, or name another directory as dataDir in the node configuration',
  ENOTDIR: 'a file stands where a directory is needed: move it away, or name another directory as dataDir',
};

function storageError(error: NodeJS.ErrnoException): LessorError {
  const code = error.code ?? 'unknown';
  const what = `${error.syscall ?? 'access'} ${error.path ?? "a file of the plugin's state"} failed with ${code}`;
  return refusal('node.storage', what, remedies[code] ?? "look at the disk that holds the plugin's dataDir", error);
}
