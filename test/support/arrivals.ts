/** What arrives in its time, taken one by one. */
export interface Arrivals<T> {
  add(item: T): void;
  /** The next one that was not taken yet; waits for it. */
  next(): Promise<T>;
  /** The next one that fits; what does not fit stays for later. */
  nextThat<S extends T>(fits: (item: T) => item is S): Promise<S>;
  /** Takes all that is there. */
  takeAll(): T[];
  /** All that has arrived and was not taken. */
  readonly waiting: readonly T[];
}

const DEADLINE_MS = 30_000;

export function arrivals<T>(what: string): Arrivals<T> {
  const waiting: T[] = [];
  const looks = new Set<() => void>();

  const take = <S extends T>(fits: (item: T) => item is S): Promise<S> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const index = waiting.findIndex(fits);
        const item = waiting[index];
        if (item === undefined || !fits(item)) return;
        waiting.splice(index, 1);
        looks.delete(look);
        clearTimeout(timer);
        resolve(item);
      };
      const timer = setTimeout(() => {
        looks.delete(look);
        reject(new Error(`no such ${what} arrived; what did: ${JSON.stringify(waiting).slice(0, 2_000)}`));
      }, DEADLINE_MS);
      looks.add(look);
      look();
    });

  return {
    add(item) {
      waiting.push(item);
      for (const look of looks) look();
    },
    next: () => take((item): item is T => item === item),
    nextThat: take,
    takeAll: () => waiting.splice(0),
    waiting,
  };
}
