/** The table of docs/simulation.md: each condition and decision, and by which play it is found out, or why by none. */
import { elsewhere } from './elsewhere.ts';
import { identityEdits } from './identity-mutants.ts';
import { nodeEdits } from './node-mutants.ts';
import { serviceEdits } from './service-mutants.ts';
import { storesWithout } from './store-mutants.ts';
import { found, notFound } from './verdicts.ts';

const PARTS = [
  ['the store: operation, alternative, condition', storesWithout],
  ['the service', serviceEdits],
  ['the node', nodeEdits],
  ['identities', identityEdits],
] as const;

/** Of which nothing is said. */
export const unsaid = (): string[] =>
  PARTS.flatMap(([, all]) => Object.keys(all)).filter((name) => !(name in found) && !(name in notFound));

export function mutantTable(): string {
  const parts = PARTS.map(([of, all]) => {
    const rows = Object.keys(all).map((name) => `| ${name} | ${saidOf(name)} |`);
    return [`| ${of} | found by |`, '|---|---|', ...rows].join('\n');
  });
  return `${parts.join('\n\n')}\n`;
}

function saidOf(name: string): string {
  const play = found[name];
  const test = elsewhere[name];
  if (play === undefined) return `${notFound[name]}${test === undefined ? '' : `. Found by \`${test}\``}`;
  return `\`${play.where}\`, seed ${play.seed}, after ${play.after} operations: ${play.as}`;
}
