/** How long what is over is kept. */
import type { Dependencies } from './dependencies.ts';

const DAY_MS = 86_400_000;

/** @returns (ms) until when it is read; it is deleted some time later */
export const keptUntil = ({ settings }: Pick<Dependencies, 'settings'>, at: number): number =>
  at + settings.historyDays * DAY_MS;
