/** Where the page is: the part of its address behind the #, which a person can keep or send. */
import { computed, signal } from '@preact/signals';

const read = (): string => location.hash.replace(/^#/, '') || '/';
const place = signal(read());
addEventListener('hashchange', () => {
  place.value = read();
});

export interface Place {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export const route = computed<Place>(() => {
  const [path = '', query = ''] = place.value.split('?');
  const decode = (part: string) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  return { parts: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
});

export const to = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`;

export const go = (hash: string): void => {
  location.hash = hash;
};
