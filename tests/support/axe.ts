import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
/** Rows that are like those before them: the first ones, and a table's last, stand for all. */
const ALIKE = ['[role=feed] article:nth-of-type(n + 12)', 'tbody tr:nth-child(n + 4):not(:last-child)']

/** What axe has against a page, by WCAG 2.2 AA and best practice, or by some of its rules alone. */
export async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  // A page without frames needs no second one to put its answers together in, which takes as long as the checks.
  // What passes would be told of at length.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] })
  for (const alike of ALIKE) axe.exclude(alike)
  const { violations } = await (rules ? axe.withRules([...rules]) : axe.withTags(TAGS)).analyze()
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target.join(' ')} ${failureSummary ?? ''}`),
  )
}
