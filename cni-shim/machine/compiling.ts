/** How soon the runtime compiles what runs often to machine code (bun.com/reference/bun/unsafe/setJITPolicy). */

/** The runtime of the compiled executable; elsewhere there is none. */
declare const Bun: undefined | { readonly unsafe: { setJITPolicy(scale: number): void } };

/** For a process that stays. The executable puts it off: a call of the plugin is over before it would have paid. */
export function compileWhatRunsOften(): void {
  if (typeof Bun !== 'undefined') Bun.unsafe.setJITPolicy(1);
}
