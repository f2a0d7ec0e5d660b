/** The way from a node to the service: requests and answers are lost, and requests arrive late, and once more. */
import { setImmediate } from 'node:timers/promises';
import type { Chance } from '../../linearizability/chance.ts';

/** `cut`: nothing arrives; `lossy`: nobody knows what does. */
export type Weather = 'clear' | 'cut' | 'lossy';

export interface ServiceInWeather {
  weather: Weather;
  readonly fetch: typeof fetch;
  /** One request that was held back arrives, whoever sent it and however long ago. False where there is none. */
  oneArrives(): Promise<boolean>;
}

/** The longest that a request takes, in turns of the event loop. */
const MOST_TURNS = 6;

async function someTurns(chance: Chance): Promise<void> {
  for (let turns = chance.under(MOST_TURNS); turns > 0; turns--) await setImmediate();
}

const lost = (code: string) => Object.assign(new Error('cut'), { code });

/** @param pause lets others go on before the request arrives, and before its answer does. If left out a request takes a few turns of the event loop, and an answer none */
export function serviceInWeather(
  service: typeof fetch,
  chance: Chance,
  pause?: () => Promise<unknown>,
): ServiceInWeather {
  const heldBack: (() => Promise<unknown>)[] = [];
  const inWeather: ServiceInWeather = {
    weather: 'clear',
    fetch: async (url, init) => {
      await (pause ?? (() => someTurns(chance)))();
      if (inWeather.weather === 'cut') throw lost('ECONNREFUSED');
      const fate = inWeather.weather === 'lossy' ? chance.next() : 1;
      if (fate < 0.25) throw lost('ECONNRESET');
      const arrive = () => service(url, init);
      if (fate < 0.5) {
        heldBack.push(arrive);
        throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
      }
      const answer = await arrive();
      if (fate < 0.7) throw lost('ECONNRESET');
      if (fate < 0.8) heldBack.push(arrive);
      await pause?.();
      return answer;
    },
    oneArrives: async () => {
      const [arrive] = heldBack.splice(chance.under(heldBack.length), 1);
      await arrive?.();
      return arrive !== undefined;
    },
  };
  return inWeather;
}
