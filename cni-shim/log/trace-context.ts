/**
 * The runtime's trace, where it gives one: W3C Trace Context and Baggage in environment variables (OpenTelemetry,
 * "Environment Variables as Context Propagation Carriers"), as libcni passes them on to plugins
 * (containernetworking/cni#1173). They go on to the API as headers, which are not signed: whoever forwards a request may
 * change them. What is malformed is ignored, as both specifications ask.
 */
import type { Environment } from '../machine/surroundings.ts';

export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId?: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Version, trace id, parent id, flags; later versions may have more. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]*)?$/;
/** Far above the 55 characters of version 00. */
const LONGEST_TRACEPARENT = 256;
/** Trace Context, section 3.3.1.5: what everybody should pass on. */
const LONGEST_TRACESTATE = 512;
/** Baggage, section 3.3.2. */
const LONGEST_BAGGAGE = 8192;
const TRACESTATE_MEMBER =
  /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const BAGGAGE_MEMBER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=[\x20\x21\x23-\x2b\x2d-\x5b\x5d-\x7e\t]*$/;

export function traceContext({
  TRACEPARENT: traceparent,
  TRACESTATE: state,
  BAGGAGE: baggage,
}: Environment): TraceContext {
  const traceId = traceparent === undefined ? undefined : traceIdOf(traceparent);
  const ofTrace =
    traceparent === undefined || traceId === undefined
      ? {}
      : { traceparent, ...(isListOf(TRACESTATE_MEMBER, state, LONGEST_TRACESTATE) ? { tracestate: state } : {}) };
  return {
    ...(traceId === undefined ? {} : { traceId }),
    headers: { ...ofTrace, ...(isListOf(BAGGAGE_MEMBER, baggage, LONGEST_BAGGAGE) ? { baggage } : {}) },
  };
}

function traceIdOf(traceparent: string): string | undefined {
  if (traceparent.length > LONGEST_TRACEPARENT) return undefined;
  const [, version, traceId, more] = TRACEPARENT.exec(traceparent) ?? [];
  return version === '00' && more !== undefined ? undefined : traceId;
}

function isListOf(member: RegExp, text: string | undefined, longest: number): text is string {
  if (!text || text.length > longest) return false;
  // Not trim(), which takes line breaks as well: they would end the header.
  return text.split(',').every((one) => member.test(one.replace(/^[ \t]+|[ \t]+$/g, '')));
}
