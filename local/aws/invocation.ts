/** What passes between a function and an execution environment of it, which is a worker thread. */

/** What the worker is given at its start. */
export interface EnvironmentData {
  readonly file: string;
  readonly exportName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
}

export interface InvocationMessage {
  readonly requestId: string;
  /** JSON */
  readonly event: string;
  /** Milliseconds since 1970. */
  readonly deadline: number;
}

/** The error of Lambda's Invoke where what a function is given is larger than Lambda takes. */
export const REQUEST_TOO_LARGE = 'RequestEntityTooLargeException';

/** As Lambda answers Invoke: JSON of what the handler returned, or of what it threw. */
export type InvocationResult =
  | { readonly ok: true; readonly payload: string }
  | { readonly ok: false; readonly errorType: string; readonly errorMessage: string };
