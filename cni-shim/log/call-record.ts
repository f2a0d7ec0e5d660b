/** What of one call goes into the log, gathered while it runs. */

import type { Pod } from '../../core/contract/ids.ts';
import { isInterfaceName, isName } from '../../core/contract/limits.ts';
import type { ProblemCode } from '../../core/contract/problems.ts';
import type { Invocation } from '../cni/environment.ts';
import type { CniError } from '../cni/result.ts';
import type { Surroundings } from '../machine/surroundings.ts';
import type { CallRecord } from './call-log.ts';
import { traceContext } from './trace-context.ts';

/** Whom the plugin tells what happens, and who has a say in what is sent. */
export interface Observer {
  /** For each request to the API, not signed. */
  readonly headers: Readonly<Record<string, string>>;
  sent(): void;
  answered(headers: Headers): void;
  /** With prefix lengths. */
  addresses(given: readonly string[]): void;
  /** The node did without the API: the service is told later. */
  local(): void;
  /** What a person who reads the log should know. */
  note(text: string): void;
}

export interface Watch {
  readonly observer: Observer;
  /** What the request is about, as soon as that is known. */
  about(request: { readonly network: { readonly name: string }; readonly invocation?: Invocation }): void;
  failed(error: CniError, problem: ProblemCode | undefined): void;
  /** The call is over. */
  record(): CallRecord;
}

export function watchCall(verb: string, { env, now }: Pick<Surroundings, 'env' | 'now'>): Watch {
  const begun = now();
  const { traceId, headers } = traceContext(env);
  const { CNI_CONTAINERID: containerId, CNI_IFNAME: ifname } = env;
  let attempts = 0;
  let known: { network?: string; pod?: Pod } = {};
  let addresses: readonly string[] | undefined;
  let requestId: string | undefined;
  let local = false;
  let note: string | undefined;
  let error: CniError | undefined;
  let problem: ProblemCode | undefined;
  return {
    observer: {
      headers,
      sent: () => attempts++,
      answered(answer) {
        requestId = answer.get('apigw-requestid') ?? answer.get('x-amzn-requestid') ?? requestId;
      },
      addresses(given) {
        addresses = given;
      },
      local() {
        local = true;
      },
      note(text) {
        note = text;
      },
    },
    about({ network, invocation }) {
      known = { network: network.name, ...(invocation?.pod === undefined ? {} : { pod: invocation.pod }) };
    },
    failed(printed, code) {
      error = printed;
      problem = code;
    },
    record: () => ({
      time: new Date(begun).toISOString(),
      verb,
      ...(known.network === undefined ? {} : { network: known.network }),
      ...(containerId !== undefined && isName(containerId) ? { container: containerId } : {}),
      ...(ifname !== undefined && isInterfaceName(ifname) ? { ifname } : {}),
      ...(known.pod === undefined ? {} : { pod: known.pod }),
      ...(addresses === undefined ? {} : { addresses }),
      ms: Math.round(now() - begun),
      attempts,
      ...(local ? { local } : {}),
      ...(note === undefined ? {} : { note }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(error === undefined ? {} : { code: error.code, msg: `${error.msg}: ${error.details}` }),
      ...(problem === undefined ? {} : { problem }),
      ...(traceId === undefined ? {} : { trace: traceId }),
    }),
  };
}
