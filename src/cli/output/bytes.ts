const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes as people read them: `640 B`, `1.5 KiB`, `70 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  const text = unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1);
  return `${text} ${units[unit]}`;
}
