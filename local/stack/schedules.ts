/** What EventBridge runs at a rate. */
import type { InvocationResult } from '../aws/invocation.ts';

export interface ScheduleDefinition {
  /** Name of the function. */
  readonly function: string;
  readonly everyMs: number;
  readonly input: unknown;
}

export interface Schedules {
  /** Does now what the clock does at its rate, and answers the function's result; the first schedule if no function is named. */
  run(functionName?: string): Promise<unknown>;
  stop(): void;
}

export function startSchedules(
  definitions: readonly ScheduleDefinition[],
  invoke: (functionName: string, event: unknown) => Promise<InvocationResult>,
): Schedules {
  const start = ({ function: name, input }: ScheduleDefinition) => invoke(name, input);
  const clocks = definitions.map((schedule) => setInterval(() => start(schedule), schedule.everyMs));
  return {
    run: async (functionName = definitions[0]?.function) => {
      const schedule = definitions.find((candidate) => candidate.function === functionName);
      if (schedule === undefined) throw new Error(`No schedule runs a function ${functionName}`);
      const result = await start(schedule);
      if (!result.ok) throw new Error(`${functionName} failed: ${result.errorType}: ${result.errorMessage}`);
      return JSON.parse(result.payload);
    },
    stop: () => clocks.forEach(clearInterval),
  };
}
