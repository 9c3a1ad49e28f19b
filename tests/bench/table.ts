/** One figure of a benchmark, beside the bare minimum measured in the same run. */
export interface Figure {
  what: string
  measured: string
  /** What the same work costs at the least, in the same run. */
  bare: string
  /** measured : bare, where it means something. */
  ratio: string
  /** What is to be reached. */
  target: string
}

/** The figure at a share of a sorted list: 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Prints figures as a Markdown table, so that they can be pasted into docs/performance.md. */
export function printTable(title: string, figures: readonly Figure[]): void {
  console.log(`\n### ${title}\n`)
  console.log('| what | measured | bare minimum of the run | ratio | target |\n|---|---|---|---|---|')
  for (const { what, measured, bare, ratio, target } of figures) {
    console.log(`| ${what} | ${measured} | ${bare} | ${ratio} | ${target} |`)
  }
}
