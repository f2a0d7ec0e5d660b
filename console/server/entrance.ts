/**
 * Who comes in: requests to this very host and port, of this page, with the session that the address's token was exchanged
 * for. A name that an attacker's DNS points at 127.0.0.1 has another Host, another site's page another Origin.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface Entrance {
  /** For the address that is printed: it holds as long as the process. */
  readonly token: string;
  /** One that holds once: whoever reads the arguments of the program that opens the browser comes too late. */
  oneTimeToken(): string;
  /** The header that gives the browser its session, or undefined where the token is none. */
  admit(token: string): string | undefined;
  isAdmitted(headers: IncomingHttpHeaders): boolean;
  isHere(headers: IncomingHttpHeaders): boolean;
  isOwnPage(headers: IncomingHttpHeaders): boolean;
}

const secret = (): string => randomBytes(24).toString('base64url');

/** @param host `127.0.0.1:<port>` */
export function openEntrance(host: string): Entrance {
  const [token, session] = [secret(), secret()];
  const once = new Set<string>();
  // Cookies know no port: another console of this user has another name.
  const cookie = `lessor-console-${host.split(':')[1]}`;
  return {
    token,
    oneTimeToken() {
      const one = secret();
      once.add(one);
      return one;
    },
    admit(given) {
      if (!isSame(given, token) && !once.delete(given)) return undefined;
      return `${cookie}=${session}; HttpOnly; SameSite=Strict; Path=/`;
    },
    isAdmitted: ({ cookie: sent = '' }) =>
      sent.split('; ').some((pair) => pair.startsWith(`${cookie}=`) && isSame(pair.slice(cookie.length + 1), session)),
    isHere: (headers) => headers.host === host,
    isOwnPage: (headers) => headers.origin === `http://${host}`,
  };
}

/** Digests have one length, whatever is given. */
const isSame = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected));
const digest = (text: string) => createHash('sha256').update(text).digest();
