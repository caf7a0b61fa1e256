/** How long this thread was busy. CPU clocks of threads tick too coarsely on some machines to time one mail. */
export function stopwatch(): () => number {
  const start = performance.now()
  return () => Math.round((performance.now() - start) * 100) / 100
}
