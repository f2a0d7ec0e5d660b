/** The page. From the sources it is built at the start; in the executable the build has put the files in this one's place. */
import { buildPage } from '../build/build-page.ts';
import type { PageFile } from '../build/page-file.ts';

export type { PageFile };

/** By path. */
export const pageFiles = (): Promise<Readonly<Record<string, PageFile>>> => buildPage();
