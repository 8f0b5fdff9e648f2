const DEADLINE_MS = 20_000;

/** What arrived and was not taken yet. `take` gives the first that matches, also when it comes later; after 20 s it says what there is. */
export interface Heard<T> {
  add(item: T): void;
  take<S extends T>(what: string, matches: (item: T) => item is S): Promise<S>;
}

export function createHeard<T>(): Heard<T> {
  const items: T[] = [];
  const waiting = new Set<() => boolean>();
  return {
    add(item) {
      items.push(item);
      for (const look of waiting) if (look()) return void waiting.delete(look);
    },
    take: <S extends T>(what: string, matches: (item: T) => item is S) =>
      new Promise<S>((resolve, reject) => {
        const look = (): boolean => {
          const index = items.findIndex(matches);
          const [item] = index < 0 ? [] : items.splice(index, 1);
          if (item === undefined || !matches(item)) return false;
          clearTimeout(timer);
          resolve(item);
          return true;
        };
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`no ${what} came; there are ${JSON.stringify(items).slice(0, 2_000)}`));
        }, DEADLINE_MS);
        if (!look()) waiting.add(look);
      }),
  };
}
