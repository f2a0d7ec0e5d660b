import { expect, test, vi } from 'vitest';
import { stoppingBy } from '../../../cni-shim/agent/stopping.ts';

test('what is waited for ends as it does, and at once when the process is told to stop, before or meanwhile', async () => {
  let stop: () => void = () => {};
  const stopping = stoppingBy(
    new Promise((resolve) => {
      stop = resolve;
    }),
  );
  expect(await stopping.unless(Promise.resolve(1))).toBe(1);
  await expect(stopping.unless(Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(stopping.isTold).toBe(false);
  const meanwhile = stopping.unless(new Promise(() => {}));
  stop();
  expect([await meanwhile, stopping.isTold]).toEqual([undefined, true]);
  expect(await stopping.unless(new Promise(() => {}))).toBeUndefined();
});

test('however often it waits, it hangs one thing on what lasts as long as the process', async () => {
  const stopped = new Promise<void>(() => {});
  const then = vi.spyOn(stopped, 'then');
  const stopping = stoppingBy(stopped);
  for (let rounds = 0; rounds < 100; rounds += 1) await stopping.unless(Promise.resolve());
  expect(then).toHaveBeenCalledTimes(1);
  // As it was: each race is one more, for good.
  for (let rounds = 0; rounds < 100; rounds += 1) await Promise.race([stopped, Promise.resolve()]);
  expect(then).toHaveBeenCalledTimes(101);
});
