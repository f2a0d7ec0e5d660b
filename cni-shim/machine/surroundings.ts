/** Everything that the plugin takes from the machine around it, so that tests can be that machine. */
import { readFileSync } from 'node:fs';
import { type Files, nodeFiles } from './files.ts';
import { BOOT_ID_FILE } from './layout.ts';
import { refusal } from './refusal.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Surroundings {
  readonly env: Environment;
  readonly files: Files;
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, less than 1. */
  random(): number;
  sleep(milliseconds: number): Promise<void>;
  /** Another one after every start of the machine (random(4), /proc/sys/kernel/random/boot_id). */
  bootId(): string;
}

export function machine(env: Environment): Surroundings {
  return {
    env,
    files: nodeFiles,
    fetch,
    now: Date.now,
    random: Math.random,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    bootId() {
      try {
        return readFileSync(BOOT_ID_FILE, 'utf8').trim();
      } catch (cause) {
        throw refusal(
          'node.storage',
          `${BOOT_ID_FILE} cannot be read`,
          'run the plugin on Linux with /proc mounted',
          cause,
        );
      }
    },
  };
}
