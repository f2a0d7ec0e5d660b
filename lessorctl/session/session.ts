/** What a command works with: the service that is meant, and the user. */
import type { AskingLimits, Service } from '../api/service.ts';
import { type Target, type TargetOptions, targetOf } from '../settings/target.ts';
import type { Shell } from '../shell/shell.ts';
import { progressOf, type WorkProgress } from './progress.ts';

export interface Session {
  readonly shell: Shell;
  readonly progress: WorkProgress;
  /** Whether a person reads the outcome: a program gets it as JSON, YAML or names. */
  readonly forPeople: boolean;
  /** Of the kubeconfig; its own current one if absent. */
  readonly context: string | undefined;
  /** Found out with the first call. @throws LessorError */
  target(): Promise<Target>;
  /** Loaded with the first call. @throws LessorError */
  service(): Promise<Service>;
}

/** @param patience for how long the service is asked; its own if left out */
export function openSession(
  shell: Shell,
  options: TargetOptions,
  forPeople: boolean,
  patience?: AskingLimits,
): Session {
  let target: Promise<Target> | undefined;
  let service: Promise<Service> | undefined;
  const meant = () => {
    target ??= targetOf(options, shell);
    return target;
  };
  const connect = async (): Promise<Service> => {
    const { endpoint, region, profile } = await meant();
    const [{ serviceAt }, { keysOfChain }] = await Promise.all([
      import('../api/service.ts'),
      import('../api/credentials.ts'),
    ]);
    return serviceAt({ endpoint, region, keys: keysOfChain(profile, region), shell, ...(patience && { patience }) });
  };
  return {
    shell,
    forPeople,
    context: options.context,
    progress: progressOf(shell),
    target: meant,
    service: () => {
      service ??= connect();
      return service;
    },
  };
}
