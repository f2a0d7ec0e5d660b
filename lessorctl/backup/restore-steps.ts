/**
 * A restore, step by step. Each step looks first whether it is done, so that the whole can be interrupted and begun again; none of
 * them frees a lease. docs/restore.md says why they are in this order.
 */
import { closeStep, noteStep } from './closing-steps.ts';
import { attachStep, openStep, settingsStep } from './deploying-steps.ts';
import { lookStep, lostStep } from './looking-steps.ts';
import type { RestoreParts, RestoreStep, StepLook } from './restore-parts.ts';
import type { RestoreOrigin } from './restored-tables.ts';
import { prepareStep, tablesStep } from './table-steps.ts';

export const restoreSteps = (origin: RestoreOrigin, parts: RestoreParts): readonly RestoreStep[] => [
  noteStep(origin, parts),
  closeStep(origin, parts),
  tablesStep(origin, parts),
  prepareStep(origin, parts),
  attachStep(origin, parts),
  lookStep(parts),
  lostStep(parts),
  settingsStep(parts),
  openStep(parts),
];

export interface SeenStep extends Pick<RestoreStep, 'name' | 'what'>, StepLook {}

/** What each step would find now. Changes nothing. */
export async function lookAtSteps(steps: readonly RestoreStep[]): Promise<readonly SeenStep[]> {
  const seen: SeenStep[] = [];
  for (const step of steps) seen.push({ name: step.name, what: step.what, ...(await step.look()) });
  return seen;
}

export interface Carrying {
  /** @throws LessorError where the user does not agree */
  agree(question: string, facts: readonly string[]): Promise<void>;
  told(step: RestoreStep, look: StepLook): void;
}

/** One after the other. @returns the one that waits for a person; undefined where all are done. */
export async function carryOutSteps(
  steps: readonly RestoreStep[],
  { agree, told }: Carrying,
): Promise<{ readonly step: RestoreStep; readonly look: StepLook } | undefined> {
  for (const step of steps) {
    let look = await step.look();
    if (look.state === 'to do' && step.carryOut !== undefined) {
      if (step.asks !== undefined) await agree(step.asks, look.facts);
      await step.carryOut();
      look = await step.look();
    }
    told(step, look);
    if (look.state !== 'done') return { step, look };
  }
  return undefined;
}
