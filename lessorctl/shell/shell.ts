/** What of the machine lessorctl uses: the streams, the environment, files, the clock. Tests give another one. */

/** What a program that was run came to. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Of the terminal to which standard output goes; absent where it goes into a file or a pipe. */
  readonly columns: number | undefined;
  /** Whether somebody reads standard error as it comes: only there progress is shown. */
  readonly showsProgress: boolean;
  /** @param exitCode with which all ends where nobody reads on; 0 if left out */
  print(text: string, exitCode?: number): void;
  /** On standard error. */
  complain(text: string): void;
  /** Undefined where nobody can be asked: standard input is no terminal. */
  ask(question: string): Promise<string | undefined>;
  /** Undefined where there is no such file. `-` is standard input. */
  read(path: string): Promise<string | undefined>;
  /** As a whole, or not at all. */
  write(path: string, text: string): Promise<void>;
  /** Undefined where there is no such program. @param input what it reads on standard input; nothing if left out */
  execute(program: string, args: readonly string[], input?: string): Promise<Ran | undefined>;
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** Milliseconds. Ends early, too, where the user interrupts. */
  sleep(milliseconds: number): Promise<void>;
}
