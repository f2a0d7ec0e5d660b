/** What a command of the executable is: options, and what is done with their values. */
import type { Surroundings } from '../machine/surroundings.ts';

export interface Option {
  /** A `flag` is there or not; a `value` is given. */
  readonly kind: 'flag' | 'value';
  /** What a value is called in the help. */
  readonly value?: string;
  /** May be given several times. */
  readonly several?: true;
  readonly default?: string;
  readonly help: string;
}

export type Options = Readonly<Record<string, Option>>;

export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends { kind: 'flag' }
    ? boolean
    : O[K] extends { several: true }
      ? readonly string[]
      : O[K] extends { default: string }
        ? string
        : string | undefined;
};

/** What is given without a name, each once. */
export interface Operand {
  /** What it is called in the help. */
  readonly name: string;
  readonly help: string;
}

export interface Terminal {
  print(text: string): void;
  /** On standard error. */
  complain(text: string): void;
}

export interface Calling {
  readonly surroundings: Surroundings;
  readonly terminal: Terminal;
  /** All of standard input; this process's own if left out. */
  readonly input?: () => string;
}

export interface Command<O extends Options = Options> {
  /** Lines that follow the summary in the command's help. */
  readonly about: string;
  readonly options: O;
  /** None where they are left out. */
  readonly operands?: readonly Operand[];
  /** @param operands as many as the command has. Resolves to the exit code. @throws LessorError */
  run(values: Values<O>, calling: Calling, operands: readonly string[]): Promise<number>;
}

/** Has the values' types follow from the options. */
export const command = <const O extends Options>(one: Command<O>): Command<O> => one;
