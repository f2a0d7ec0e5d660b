/** What a command is: arguments, options, examples, and what is done with their values. */
import type { CommandOutcome } from '../print/outcome.ts';
import type { Session } from './session.ts';

export interface OptionOfCommand {
  /** A `flag` is there or not; a `value` is given. */
  readonly kind: 'flag' | 'value';
  /** What a value is called in the help. */
  readonly value?: string;
  readonly short?: string;
  /** May be given several times. */
  readonly several?: true;
  readonly choices?: readonly string[];
  readonly default?: string;
  /** Of what kind its value is. */
  readonly of?: Kind;
  readonly help: string;
}

/** Of what kind a value is: completion offers those that there are. */
export type Kind = 'pool' | 'node' | 'vrf';

export interface Argument {
  readonly help: string;
  readonly optional?: true;
  /** The last one may be given several times. */
  readonly several?: true;
  readonly choices?: readonly string[];
  readonly kind?: Kind;
}

export type ValuesOf<
  O extends Readonly<Record<string, OptionOfCommand>>,
  A extends Readonly<Record<string, Argument>>,
> = {
  readonly [K in keyof O]: O[K] extends { kind: 'flag' }
    ? boolean
    : O[K] extends { several: true }
      ? readonly string[]
      : O[K] extends { default: string }
        ? string
        : string | undefined;
} & {
  readonly [K in keyof A]: A[K] extends { several: true }
    ? readonly string[]
    : A[K] extends { optional: true }
      ? string | undefined
      : string;
};

interface Example {
  /** Without the name of the executable. */
  readonly line: string;
  readonly does: string;
}

export interface ControlCommand<
  O extends Readonly<Record<string, OptionOfCommand>> = Readonly<Record<string, OptionOfCommand>>,
  A extends Readonly<Record<string, Argument>> = Readonly<Record<string, Argument>>,
> {
  /** What the summary does not say: for the help, in sentences. */
  readonly about: string;
  readonly arguments: A;
  readonly options: O;
  readonly examples: readonly Example[];
  /** It can be shown again and again (`--watch`). */
  readonly watchable?: true;
  /** @throws LessorError */
  run(values: ValuesOf<O, A>, session: Session): Promise<CommandOutcome>;
}

/** Has the values' types follow from options and arguments. */
export const command = <
  const O extends Readonly<Record<string, OptionOfCommand>>,
  const A extends Readonly<Record<string, Argument>>,
>(
  one: ControlCommand<O, A>,
): ControlCommand<O, A> => one;
