import { describe, expect, test } from 'vitest';
import { traceContext } from '../../../cni-shim/log/trace-context.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${traceId}-00f067aa0ba902b7-01`;

describe('a trace context', () => {
  test('goes on as it is, and names the trace', () => {
    const TRACESTATE = 'rojo=00f067aa0ba902b7, congo@vendor=t61rcWkgMzE';
    const BAGGAGE = 'userId=alice,serverNode=DF%2028;secret=false,isProduction = false';
    expect(traceContext({ TRACEPARENT, TRACESTATE, BAGGAGE })).toEqual({
      traceId,
      headers: { traceparent: TRACEPARENT, tracestate: TRACESTATE, baggage: BAGGAGE },
    });
  });

  test('may be absent, in parts or as a whole', () => {
    expect(traceContext({})).toEqual({ headers: {} });
    expect(traceContext({ TRACEPARENT })).toEqual({ traceId, headers: { traceparent: TRACEPARENT } });
    expect(traceContext({ BAGGAGE: 'a=b' })).toEqual({ headers: { baggage: 'a=b' } });
  });

  test('of a later version may have more', () => {
    const later = `01-${traceId}-00f067aa0ba902b7-01-what-comes`;
    expect(traceContext({ TRACEPARENT: later }).headers.traceparent).toBe(later);
  });

  test.each([
    '',
    'x',
    TRACEPARENT.toUpperCase(),
    `${TRACEPARENT}-more`,
    `${TRACEPARENT}\r\nx-other: 1`,
    `ff-${traceId}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `01-${traceId}-00f067aa0ba902b7-01-${'x'.repeat(300)}`,
  ])('whose parent is %j is ignored, with its state', (parent) => {
    expect(traceContext({ TRACEPARENT: parent, TRACESTATE: 'a=b' })).toEqual({ headers: {} });
  });

  test.each(['', 'x', 'a=b\n', 'ä=b', `a=${'b'.repeat(300)}`, Array(200).fill('a=b').join(',')])(
    'whose state is %j goes on without it',
    (TRACESTATE) => {
      expect(traceContext({ TRACEPARENT, TRACESTATE }).headers).toEqual({ traceparent: TRACEPARENT });
    },
  );

  test.each(['', 'x', 'a=b\r\nc: d', 'a b=c', 'a="b"', `a=${'b'.repeat(8192)}`])('without baggage %j', (BAGGAGE) => {
    expect(traceContext({ BAGGAGE }).headers).toEqual({});
  });
});
