/** Everything that the plugin takes from the machine around it, so that tests can be that machine. */
import { readFileSync } from 'node:fs';
import { bunDatabase, type OpenDatabase } from './database.ts';
import { type Files, isFileError, nodeFiles } from './files.ts';
import { BOOT_ID_FILE, MACHINE_ID_FILES } from './layout.ts';
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
  /** Of this machine and no other, the same after each start: letters, digits and dashes. */
  machineId(): string;
  readonly openDatabase: OpenDatabase;
}

export function machine(env: Environment): Surroundings {
  return {
    env,
    files: nodeFiles,
    fetch,
    now: Date.now,
    random: Math.random,
    openDatabase: bunDatabase,
    machineId,
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

/** @throws LessorError `node.storage` */
function machineId(): string {
  for (const file of MACHINE_ID_FILES) {
    const id = textOf(file)
      ?.trim()
      .toLowerCase()
      .replaceAll(/[^a-z0-9-]/g, '-');
    if (id) return id;
  }
  const remedy = 'give the machine an id: systemd-machine-id-setup';
  throw refusal('node.storage', `none of ${MACHINE_ID_FILES.join(', ')} can be read`, remedy);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isFileError(error)) return undefined;
    throw error;
  }
}
