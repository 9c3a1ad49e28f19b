import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contrast, EYES, labOf, smallestDifference } from '../support/colour.ts'

const CSS = readFileSync(new URL('../../ui/styles/tokens.css', import.meta.url), 'utf8')

/** The colours of a theme, by name. */
function tokens(theme: 'light' | 'dark'): Record<string, string> {
  const found = CSS.matchAll(/--([\w-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/g)
  return Object.fromEntries(
    [...found].map(([, name, light, dark]) => [name!, theme === 'light' ? light! : dark!]),
  )
}

describe.each(['light', 'dark'] as const)('the colours of the %s theme', (theme) => {
  const all = tokens(theme)
  const some = (names: readonly string[]) => names.map((name) => ({ name, colour: all[name]! }))
  const series = (name: string, length: number) => Array.from({ length }, (_, i) => all[`${name}-${i}`]!)
  const GROUNDS = some(['bg0', 'bg1', 'bg2'])
  /** The pairs whose contrast is less than it must be. */
  const tooFaint = (names: readonly string[], grounds: typeof GROUNDS, least: number) =>
    some(names).flatMap(({ name, colour }) =>
      grounds
        .filter((ground) => contrast(colour, ground.colour) < least)
        .map((ground) => `${name} on ${ground.name}: ${contrast(colour, ground.colour).toFixed(2)}`),
    )

  it('can be read as text: 4.5 to 1 on every ground', () => {
    const text = ['fg0', 'fg1', 'fg2', 'accent', 'matcha', 'honey', 'hibiscus', 'pea', 'taro', 'mint']
    expect(tooFaint(text, GROUNDS, 4.5)).toEqual([])
    expect(tooFaint(['fg0', 'fg1'], some(['bg3']), 4.5)).toEqual([])
    expect(tooFaint(['on-fill'], some(['fill']), 4.5)).toEqual([])
    expect(tooFaint(['fg0', 'fg1', 'honey'], some(['honey-ground']), 4.5)).toEqual([])
  })

  it('can be seen as borders, rings and marks: 3 to 1 on every ground', () => {
    const people = Array.from({ length: 8 }, (_, i) => `who-${i}`)
    expect(tooFaint(['line-strong', 'focus', 'fill', ...people], GROUNDS, 3)).toEqual([])
    expect(tooFaint(['line-strong', 'focus'], some(['honey-ground']), 3)).toEqual([])
  })

  it('tell eight people apart, to colour-blind eyes too', () => {
    expect(smallestDifference(series('who', 8))).toBeGreaterThanOrEqual(14)
  })

  it('go from weak to strong brew in even steps of lightness, to colour-blind eyes too', () => {
    for (const eyes of Object.values(EYES)) {
      const steps = series('heat', 6).map((colour) => labOf(colour, eyes)[0])
      const ways = steps.slice(1).map((lightness, i) => lightness - steps[i]!)
      const way = theme === 'light' ? -1 : 1
      expect(Math.min(...ways.map((step) => step * way))).toBeGreaterThan(4)
    }
  })
})
