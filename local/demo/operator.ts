/** Asks the API of the local stack as an operator does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SigningKeys } from '../../lessorctl/api/credentials.ts';
import { type Service, serviceAt } from '../../lessorctl/api/service.ts';

export type Operator = Service;

export const operatorClient = (endpoint: string, region: string, keys: SigningKeys): Operator =>
  serviceAt({ endpoint, region, keys: async () => keys, shell: { now: Date.now, random: Math.random, sleep } });
