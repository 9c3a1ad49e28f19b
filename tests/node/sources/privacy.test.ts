import { expect, test } from 'vitest'
import { ADAPTERS } from '../../../node/sources/adapters.ts'
import type { Carrier } from './fuzz/carriers.ts'
import { allCarriers } from './fuzz/carriers.ts'
import { LEAKS } from './fuzz/leaky.ts'
import type { Readers, Turns } from './fuzz/privacy.ts'
import { Laboratory, patternsOf, plantings } from './fuzz/privacy.ts'
import { random, seedOfRun } from './fuzz/random.ts'
import { SHOWN } from './fuzz/shown.ts'

const seed = seedOfRun()
const carriers = await allCarriers()
const formats = [...new Set(carriers.map(({ format }) => format))]

/** What is wrong with what is seen of a carrier of a format; with planted leaks the first of it is enough. */
async function complaintsAbout(carrier: Carrier, turns: Turns, readers?: Readers): Promise<string[]> {
  const wrong = new Set<string>()
  const meant = Object.entries(SHOWN[carrier.format] ?? {})
  const allowed = new Set(meant.flatMap(([field, places]) => places.map((place) => `${field}: ${place}`)))
  const beside = carriers.filter(({ adapter, form }) => adapter === carrier.adapter && form !== 'database')
  const { length } = carriers.filter(({ format }) => format === carrier.format)
  const laboratory = await Laboratory.open(carrier, beside, readers)
  try {
    for (const variant of plantings(carrier, random(seed), { turns, carriers: length })) {
      const { leaks, shown, unsound } = await laboratory.look(variant)
      for (const each of shown) if (!allowed.has(each)) wrong.add(`a word in ${each}`)
      for (const each of leaks) wrong.add(each)
      if (readers && wrong.size > 0) break
      if (!readers) for (const each of unsound) wrong.add(each)
    }
  } finally {
    await laboratory.close()
  }
  return [...wrong]
}

test('every assistant has sessions to hide secrets in', () => {
  expect(new Set(carriers.map(({ adapter }) => adapter))).toEqual(new Set(ADAPTERS))
})

test.each(Object.keys(LEAKS))('a secret is found that leaks: %s', async (name) => {
  const wrong: string[] = []
  const turns: Turns = new Map()
  for (const carrier of carriers.filter(({ format }) => format === 'claude .jsonl')) {
    if (wrong.length === 0) wrong.push(...(await complaintsAbout(carrier, turns, LEAKS[name])))
  }
  expect(wrong, `seed ${seed}`).not.toEqual([])
})

test.each(formats)(
  'a session in %s shows no secret, and a word only where it is meant to',
  async (format) => {
    const places = new Set<string>()
    const turns: Turns = new Map()
    for (const carrier of carriers.filter((each) => each.format === format)) {
      expect(await complaintsAbout(carrier, turns), `seed ${seed}, ${carrier.paths[0]}`).toEqual([])
      for (const pattern of patternsOf(carrier)) places.add(pattern)
    }
    const meant = Object.values(SHOWN[format] ?? {}).flat()
    expect(meant.filter((place) => !places.has(place))).toEqual([])
  },
)
