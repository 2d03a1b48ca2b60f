// Who gives way when there is not enough for everyone: those that have most, down to one level.

/** The level to which all are cut so that they come to `total` together; Infinity when they do already. */
export function fairLevel(sizes: readonly number[], total: number): number {
  const ascending = [...sizes].sort((a, b) => a - b);
  let left = total;
  for (const [index, size] of ascending.entries()) {
    const level = left / (ascending.length - index);
    if (size > level) return Math.max(0, level);
    left -= size;
  }
  return Infinity;
}
