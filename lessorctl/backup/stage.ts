/** The API's stage: who closes the API and opens it again does it there. An HTTP API and a REST API have one each. */
import { paths } from '../../core/contract/paths.ts';

/** Requests a second, and at once. */
export interface StageThrottle {
  readonly rate: number;
  readonly burst: number;
}

export interface StageView {
  /** For all routes that have none of their own. */
  readonly throttle: StageThrottle;
  /** Whether no ADD comes to a function, although the other routes may be open. */
  readonly isClosedForAdds: boolean;
  /** Routes that a throttle of their own leaves open. */
  readonly others: readonly string[];
}

/** All throw LessorError. */
export interface Stage {
  /** What it is called in sentences. */
  readonly name: string;
  read(): Promise<StageView>;
  /** Every route. */
  close(): Promise<void>;
  /** Every route but the one that hands out addresses. */
  openButAdds(throttle: StageThrottle): Promise<void>;
  /** That route too. */
  openAdds(): Promise<void>;
}

/** The one that hands out addresses. */
export const ADD = paths.allocate;
export const addRoute = `${ADD.method} ${ADD.path}`;

/** One of the two at 0 lets nothing through. */
export const isClosed = ({ rate, burst }: StageThrottle): boolean => rate === 0 || burst === 0;

/** As the stack's output has it: `2000/1000`. Undefined where it is none. */
export function readThrottle(text: string | undefined): StageThrottle | undefined {
  const [, rate, burst] = /^(\d+(?:\.\d+)?)\/(\d+)$/.exec(text ?? '') ?? [];
  return rate === undefined ? undefined : { rate: Number(rate), burst: Number(burst) };
}
