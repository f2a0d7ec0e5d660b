/** What is written into the documentation from the model: the stories of what was refuted, and the configurations. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Configuration, configurations, exhausted, explored } from './configurations.ts';
import type { Exploration } from './explore.ts';
import type { IdentityUniverse } from './identities.ts';
import { type Mutant, mutants } from './mutants.ts';
import type { PoolUniverse } from './pools.ts';

export interface Finding {
  readonly name: string;
  readonly mutant: Mutant;
  readonly found: Exploration;
}

/** Explores each mutant whose name has `only` in it. */
export function findings(only = '', heard?: (finding: Finding) => void): Finding[] {
  return Object.entries(mutants)
    .filter(([name]) => name.includes(only))
    .map(([name, mutant]) => {
      const finding = { name, mutant, found: explored(mutant.where, new Set([name])) };
      heard?.(finding);
      return finding;
    });
}

export const story = (trace: readonly string[]): string =>
  trace.map((label, index) => `${`${index + 1}.`.padEnd(3)} ${label}`).join('\n');
export const number = (count: number): string => count.toLocaleString('en');

const REFUTED = new URL('../../docs/refuted.md', import.meta.url);
const PROTOCOL = new URL('../../docs/protocol.md', import.meta.url);
/** The table of configurations in docs/protocol.md. */
const TABLE = /\| configuration \|[\s\S]*?\n(?!\|)/;

export const read = () => ({
  refuted: readFileSync(REFUTED, 'utf8'),
  table: TABLE.exec(readFileSync(PROTOCOL, 'utf8'))?.[0],
});
export function write(found: readonly Finding[]): void {
  writeFileSync(REFUTED, refuted(found));
  writeFileSync(
    PROTOCOL,
    readFileSync(PROTOCOL, 'utf8').replace(TABLE, () => table()),
  );
}

export function table(): string {
  const rows = exhausted.map(({ name, states, depth, small }) => {
    const cells = [name, ...parameters(name), number(states), `${depth}`, small ? 'yes' : 'no'];
    return `| ${cells.join(' | ')} |\n`;
  });
  const columns = ['configuration', 'slots', 'containers', 'boots', 'lives', 'generations', 'what may happen'];
  const head = [...columns, 'states', 'depth', 'in `npm test`'];
  return `| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}\n${rows.join('')}`;
}

function parameters(name: Configuration): string[] {
  const configuration = configurations[name];
  if ('poolUniverse' in configuration) {
    const { places, containers, apart, inSteps = false }: PoolUniverse = configuration.poolUniverse;
    const asked = containers.map((pool) => ['blue', 'green'][pool]).join(', ');
    const how = [...(apart === undefined ? [] : ['opened apart']), ...(inSteps ? ['deleted in steps'] : [])];
    return [`${places}`, `of ${asked}`, '', '', '', ['pools come and go', ...how].join(', ')];
  }
  if ('identityUniverse' in configuration) {
    const { slots, pods, swept = [], began }: IdentityUniverse = configuration.identityUniverse;
    const whose = pods.map((pod) => (pod === 'x' ? 'of the identity' : 'of none')).join(', ');
    const wrong = swept.length > 0 || began === 'swept' ? ['wrong declaration'] : [];
    return [`${slots}`, whose, '', '', '', ['cooldown', ...wrong].join(', ')];
  }
  const { affinity, slots, containers, boots, lives, generations, events } = configuration.universe;
  const who = containers.map(({ node, owner }) => `${owner} on ${String.fromCharCode(65 + node)}`).join(', ');
  const last = affinity === 'node' ? `${generations}` : '';
  return [`${slots}`, who, boots.join(', '), [lives].flat().join(', '), last, events.join(', ')];
}

export function refuted(found: readonly Finding[]): string {
  const sections = found.map(({ name, mutant, found: { states, violation } }) => {
    const { what, trace } = violation ?? { what: 'nothing is found', trace: [] };
    return `
## ${name}

${mutant.tells ? `${mutant.tells} ` : ''}In *${mutant.where}*, after ${number(states)} states:

${story(trace)}

**${what}.**
`;
  });
  return `# What was refuted

The protocol of [protocol.md](protocol.md) without each of its conditions, and in variants that look right and are not. Each is a mutant of the
model: the explorer takes the condition away and searches, breadth first, so each story is a shortest one in its configuration. This page is written
by \`npm run model -- --write\`; \`npm test\` finds out when it is no longer true. Messages arrive late, again or never; a mark (′) is a second container
that has the id of the first.

${found.length} mutants, each caught.
${sections.join('')}`;
}
