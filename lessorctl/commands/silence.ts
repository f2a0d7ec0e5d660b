/** `lessorctl silence`. */
import type { ForeseeSilenceResult, SilentNode } from '../../core/contract/silence.ts';
import { type Cell, toned } from '../print/cell.ts';
import { type Column, fieldsPart, tablePart, textPart } from '../print/view.ts';
import { command } from '../session/command.ts';
import { readSpan } from './times.ts';
import { ageCell, orNone, timeText } from './words.ts';

export const silence = command({
  about: `Which nodes of a cluster would be declared dead now, if the deployment took silence as evidence (deadAfterSilence), and what
would be freed. It changes nothing, and whether the deployment has it does not matter.`,
  arguments: { cluster: { help: 'the cluster, as the deployment calls it' } },
  options: { for: { kind: 'value', value: 'SPAN', default: '4h', help: 'so long a node is silent: 1h to 30d' } },
  examples: [{ line: 'silence on-prem-1 --for 4h', does: 'What would happen if four hours of silence were evidence' }],
  async run({ cluster, for: span }, { service, progress, shell }) {
    const minutes = String(Math.round(readSpan('--for', span) / 60_000));
    const api = await service();
    const silent: SilentNode[] = [];
    let last: ForeseeSilenceResult | undefined;
    // What is said of the cluster stands on each page.
    for await (const page of api.pages('foreseeSilence', { query: { cluster, minutes, limit: '100' } })) {
      silent.push(...page.silent);
      progress.tell(`${silent.length} nodes`);
      last ??= page;
    }
    const { nextCursor: _, ...about } = last ?? {
      cluster,
      minutes: Number(minutes),
      nodes: 0,
      heardLately: 0,
      eachRun: 0,
    };
    return {
      document: { ...about, silent },
      names: silent.filter(({ declared }) => declared).map(({ node }) => node),
      view: (wide) => [
        fieldsPart([
          ['Cluster', cluster],
          ['Nodes', `${about.nodes}, of which ${about.heardLately} were heard of in the last 30 minutes`],
          ['In each run', `${about.eachRun} at most`],
          ['None, because', 'because' in about && about.because ? toned(about.because, 'waits') : undefined],
          ['Watched since', 'watchedSince' in about && about.watchedSince ? timeText(about.watchedSince) : undefined],
        ]),
        silent.length === 0
          ? textPart('No node is silent for so long.')
          : tablePart(silent, columns(shell.now()), wide),
      ],
    };
  },
});

const columns = (now: number): Column<SilentNode>[] => [
  { head: 'NODE', of: ({ node }) => node, shrinks: true },
  { head: 'NAME', of: ({ name }) => orNone(name), shrinks: true },
  { head: 'HEARD', of: ({ heardOfAt }) => ageCell(heardOfAt, now) },
  { head: 'DEAD', of: ({ declared }): Cell => (declared ? { text: 'yes', tone: 'bad' } : 'no') },
  { head: 'FREES', of: ({ wouldFree }) => orNone(wouldFree && String(wouldFree.leases)) },
  { head: 'BECAUSE', of: ({ because }) => orNone(because), shrinks: true },
];
