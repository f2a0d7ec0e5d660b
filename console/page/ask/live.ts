/** LiveValue again and again: less often where nothing changes, where it fails, and not at all where nobody looks. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { QuestionRefused } from './ask.ts';

/** Milliseconds. */
const [SOONEST, LATEST] = [4_000, 60_000];
/** What takes long is asked for seldom: of the time so much is asking, at most. */
const SHARE = 0.1;

export interface LiveValue<T> {
  readonly value?: T;
  readonly error?: QuestionRefused;
  readonly loading: boolean;
}

/** How it is with the service, of all that is asked. */
export const health = signal<{ readonly at: number } | { readonly refused: QuestionRefused }>({ at: 0 });
/** Switched off by the person: then nothing is asked again by itself. */
export const isLive = signal(true);

/**
 * @param question asked again where one of `given` is another
 * @param again whether it is asked again and again
 */
export function useAsked<T>(
  question: (signal: AbortSignal) => Promise<T>,
  given: readonly unknown[],
  again = true,
): LiveValue<T> & { refresh(): void } {
  const [state, setState] = useState<LiveValue<T>>({ loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    setState((before) => (turn > 0 ? before : { loading: true }));
    return repeat(question, again, setState);
  }, [...given, turn]);
  return { ...state, refresh: () => setTurn((before) => before + 1) };
}

/** @returns what ends it */
export function repeat<T>(
  question: (signal: AbortSignal) => Promise<T>,
  again: boolean,
  tell: (state: LiveValue<T>) => void,
): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = SOONEST;
  let last = '';
  let value: T | undefined;
  const look = async () => {
    const began = performance.now();
    try {
      value = await question(abort.signal);
      if (abort.signal.aborted) return;
      const text = JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one));
      pause = text === last ? Math.min(LATEST, pause * 1.5) : SOONEST;
      last = text;
      health.value = { at: Date.now() };
      tell({ value, loading: false });
    } catch (error) {
      if (abort.signal.aborted) return;
      const refused = error instanceof QuestionRefused ? error : new QuestionRefused('console.fault', String(error));
      pause = Math.min(LATEST, pause * 2);
      if (refused.code.startsWith('console.') || refused.code.startsWith('service.')) health.value = { refused };
      tell({ ...(value === undefined ? {} : { value }), error: refused, loading: false });
    }
    if (again) timer = setTimeout(next, Math.min(LATEST, Math.max(pause, (performance.now() - began) / SHARE)));
  };
  const next = () => {
    if (document.hidden || !isLive.value) timer = setTimeout(next, SOONEST);
    else void look();
  };
  void look();
  return () => {
    abort.abort();
    clearTimeout(timer);
  };
}
