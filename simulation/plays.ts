/** Which plays make up so many operations: each configuration in turn, each time with the next seed. */
import { type ConfigurationName, configurationNames } from './configurations.ts';

/** Steps, about, in which a run heals in the end, and is looked at. */
const HEALING = { usual: 3_000, fleet: 70_000 };

/** A play as another process is told of it. */
export interface PlayOrder {
  readonly seed: number;
  readonly configuration: ConfigurationName;
  readonly operations: number;
  /** Of simulation/mutants.ts: a mistake that is to be found. */
  readonly mutant?: string | undefined;
  readonly only?: readonly number[] | undefined;
  readonly acts?: number | undefined;
  readonly without?: readonly string[] | undefined;
  /** False: the run is over when its acts are. */
  readonly isHealed?: boolean | undefined;
}

/** Long enough that most of a run is not its beginning and its end. */
const USUAL = 15_000;
/** Two thousand nodes take longer to come to anything, and each of them heals in the end. */
const OF_FLEET = 40_000;
/** Each has a mixture of its own: more of them are worth more than longer ones. */
const SWARMS = 4;
const OF_SWARM = 8_000;

export function* playsFor(
  operations: number,
  { first = 1, names = configurationNames }: { first?: number; names?: readonly ConfigurationName[] } = {},
): Generator<PlayOrder> {
  let planned = 0;
  // Whole rounds: no configuration is left out.
  for (let seed = first; planned < operations; seed += 1)
    // The longest first: nobody waits for it in the end.
    for (const configuration of [...names].reverse()) {
      const usual = configuration === 'fleet' ? OF_FLEET : USUAL;
      // A small number has a share of each configuration.
      const share = Math.min(usual, Math.max(1_000, Math.ceil(operations / names.length)));
      const plays = configuration === 'swarm' ? SWARMS : 1;
      const length = configuration === 'swarm' ? Math.min(OF_SWARM, share) : share;
      for (let play = 0; play < plays; play += 1) {
        planned += length + (configuration === 'fleet' ? HEALING.fleet : HEALING.usual);
        yield { seed: (seed - 1) * plays + play + 1, configuration, operations: length };
      }
    }
}

export const commandOf = ({
  seed,
  configuration,
  operations,
  mutant,
  only,
  acts,
  without,
  isHealed,
}: PlayOrder): string =>
  [
    `npm run simulate -- --seed ${seed} --configuration ${configuration} --operations ${operations}`,
    ...(mutant === undefined ? [] : [`--mutant '${mutant}'`]),
    ...(acts === undefined ? [] : [`--acts ${acts}`]),
    ...(only === undefined ? [] : [`--only ${only.join(',')}`]),
    ...(isHealed === false ? ['--not-healed'] : []),
    ...(without === undefined || without.length === 0 ? [] : [`--without ${without.join(',')}`]),
  ].join(' ');
