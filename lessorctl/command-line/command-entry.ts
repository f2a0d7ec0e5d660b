/** How commands are listed: single ones, and several about the same thing. */
import type { ControlCommand } from '../session/command.ts';

/** One that does something. */
export interface SingleCommand {
  readonly name: string;
  readonly summary: string;
  load(): Promise<ControlCommand>;
}

/** Several about the same thing. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly SingleCommand[];
  /** The one that is meant where none is named. */
  readonly default?: string;
}

export type CommandEntry = SingleCommand | CommandGroup;

export interface Group {
  readonly heading: string;
  readonly commands: readonly CommandEntry[];
}
