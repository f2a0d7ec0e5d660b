/** How something is changed: first it is seen what that would come to; where it frees something the user is asked. */
import { shownText } from '../../core/contract/shown-text.ts';
import type { CommandOutcome } from '../print/outcome.ts';
import { type Part, textPart } from '../print/view.ts';
import type { Session } from '../session/session.ts';
import { wrong } from '../settings/wrong.ts';

export const changeOptions = {
  'dry-run': { kind: 'flag', help: 'say what it would do, and change nothing' },
} as const;

/** Of what frees something. */
export const freeingOptions = {
  ...changeOptions,
  yes: { kind: 'flag', short: 'y', help: 'do not ask' },
} as const;

/** What the API says of a change, done or foreseen. */
export interface ChangeTold {
  readonly effects: readonly string[];
  readonly warnings?: readonly string[] | undefined;
}

export interface ChangeToMake<Told extends ChangeTold> {
  readonly dryRun: boolean;
  /** Present where it frees something: what the user is asked, and whether it was answered before. */
  readonly asks?: { readonly question: string; readonly yes: boolean };
  readonly names: readonly string[];
  /** @param dryRun nothing is to be changed */
  send(dryRun: boolean): Promise<Told>;
  /** As JSON and YAML have it. */
  documentOf?(told: Told): unknown;
}

/** @throws LessorError where the user does not agree, or nobody can be asked */
export async function changed<Told extends ChangeTold>(
  session: Session,
  change: ChangeToMake<Told>,
): Promise<CommandOutcome> {
  const { dryRun, asks, names, send, documentOf = (told) => told } = change;
  const outcomeOf = (told: Told): CommandOutcome => ({
    document: documentOf(told),
    names,
    view: () => partsOf(told, dryRun),
  });
  if (dryRun) return outcomeOf(await send(true));
  if (asks !== undefined) await agreed(session, asks, await send(true));
  return outcomeOf(await send(false));
}

const listed = ({ effects, warnings = [] }: ChangeTold): string[] => [
  ...effects.map((effect) => `- ${effect}`),
  ...warnings.map((warning) => `- warning: ${warning}`),
];

const partsOf = (told: ChangeTold, dryRun: boolean): Part[] => {
  const head = dryRun ? ['Nothing was changed. It would come to this:'] : [];
  return [textPart([...head, ...listed(told)].join('\n'))];
};

/** @throws LessorError where the user does not agree, or nobody can be asked */
export async function agreed(
  { shell, progress }: Session,
  { question, yes }: { question: string; yes: boolean },
  told: ChangeTold,
) {
  if (yes) return;
  progress.clear();
  const answer = await shell.ask(`${listed(told).map(shownText).join('\n')}\n${shownText(question)} [y/N] `);
  if (answer === undefined)
    throw wrong(
      `${question.replace(/\?$/, '')}: nobody can be asked, and nothing was changed`,
      'see --dry-run, then give --yes',
    );
  if (!/^y(es)?$/i.test(answer.trim())) throw wrong('nothing was changed', 'answer y, or give --yes');
}
