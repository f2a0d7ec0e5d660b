/** Carries a command out, and prints what it came to. Loaded once one is meant: `help` needs none of it. */
import { currentContext } from '../kubernetes/kubectl.ts';
import { paintFor } from '../print/colours.ts';
import { formatted } from '../print/formats.ts';
import type { Format } from '../print/outcome.ts';
import type { ControlCommand } from '../session/command.ts';
import { openSession } from '../session/session.ts';
import type { TargetOptions } from '../settings/target.ts';
import type { Shell } from '../shell/shell.ts';

/** Milliseconds. */
const WATCH_PAUSE = 5_000;
const CLEAR_SCREEN = '\u001b[H\u001b[2J\u001b[3J';

type Values = Readonly<Record<string, unknown>>;

/**
 * @param isPlugin whether kubectl called: its context is meant then, where no other one is named
 * @returns the exit code
 */
export async function carryOut(
  shell: Shell,
  isPlugin: boolean,
  command: ControlCommand,
  values: Values,
  globals: Values,
): Promise<number> {
  const format = globals.output as Format;
  const options = globals as TargetOptions;
  const context = options.context ?? (isPlugin ? await currentContext(shell) : undefined);
  const session = openSession(shell, { ...options, context }, format === 'table' || format === 'wide');
  const paint = paintFor(shell);
  const watches = values.watch === true;
  for (;;) {
    const outcome = await command.run(values as never, session).finally(session.progress.clear);
    const text = await formatted(outcome, format, { columns: shell.columns, paint });
    shell.print(watches && shell.columns !== undefined ? `${CLEAR_SCREEN}${text}` : text, outcome.exitCode);
    if (!watches) return outcome.exitCode ?? 0;
    await shell.sleep(WATCH_PAUSE);
  }
}
