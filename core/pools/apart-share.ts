/** So many blocks may be opened apart, of a pool, for a part of the namespaces. */
export interface ApartShare {
  readonly part: string;
  readonly most: number;
}
