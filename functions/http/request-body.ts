/** A request's body as JSON, of which nothing is read before it is known to be small: whoever may call may send what is not. */
import { most } from '../../core/contract/limits.ts';
import { LessorError } from '../../core/contract/problems.ts';
import type { GatewayRequest } from './gateway-request.ts';

type Sent = Pick<GatewayRequest, 'body' | 'isBase64Encoded'>;

/**
 * @param longest bytes
 * @throws LessorError request.too-large, request.malformed
 */
export function readBody({ body, isBase64Encoded }: Sent, longest: number): unknown {
  const bytes = Buffer.byteLength(body, isBase64Encoded ? 'base64' : 'utf8');
  ensure('bytes', bytes, longest);
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
  const { depth, values } = measure(text);
  ensure('levels', depth, most.bodyDepth);
  ensure('values', values, most.bodyValues);
  try {
    return JSON.parse(text);
  } catch {
    const begins = JSON.stringify(text.slice(0, 40));
    throw new LessorError('request.malformed', `The body is not JSON; it begins with ${begins}`);
  }
}

function ensure(what: 'bytes' | 'levels' | 'values', there: number, limit: number): void {
  if (there <= limit) return;
  throw new LessorError('request.too-large', `The body has ${there} ${what}`, {
    remedy: `this route takes ${limit}`,
    facts: { what, limit, actual: there },
  });
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/**
 * How deep JSON text is nested and about how many values it has, before anything recursive sees it. Of text that is no JSON
 * the figures mean nothing.
 */
function measure(text: string): { readonly depth: number; readonly values: number } {
  let level = 0;
  let depth = 0;
  let values = 1;
  let isInText = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) isInText = !isInText;
    else if (isInText) {
      if (code === BACKSLASH) index += 1;
    } else if (code === COMMA) values += 1;
    else if (OPENING.includes(code)) {
      level += 1;
      values += 1;
      depth = Math.max(depth, level);
    } else if (CLOSING.includes(code)) level -= 1;
  }
  return { depth, values };
}
