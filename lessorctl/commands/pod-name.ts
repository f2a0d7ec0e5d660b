/** A pod as a user names it. */
import { wrong } from '../settings/wrong.ts';

/** @param otherwise the namespace, where the name has none. @throws LessorError `request.invalid` */
export function readPod(what: string, text: string, otherwise?: string): { namespace: string; pod: string } {
  const [first = '', second, ...more] = text.split('/');
  const [namespace, pod] = second === undefined ? [otherwise, first] : [first, second];
  // It becomes an argument of kubectl too, which would take it for an option.
  const isOption = [namespace, pod].some((one) => one?.startsWith('-'));
  if (more.length > 0 || !namespace || !pod || isOption)
    throw wrong(`${what} ${JSON.stringify(text)} names no pod of a namespace`, 'write it like shop/web-1');
  if (otherwise !== undefined && otherwise !== namespace)
    throw wrong(`${what} ${JSON.stringify(text)} is not of namespace ${otherwise}`, 'name one namespace');
  return { namespace, pod };
}
