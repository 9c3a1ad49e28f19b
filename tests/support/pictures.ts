import { mkdirSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pixelmatch from 'pixelmatch'
import { PNG } from 'pngjs'
import { encodeIndexed } from './indexed-png.ts'

const BASELINES = fileURLToPath(new URL('../browser/pictures', import.meta.url))
/** What drew them. */
const DRAWN_BY = join(BASELINES, 'drawn-by.json')
/** Where a picture that is not as it was is put, beside what differs. */
const FAILED = join(tmpdir(), 'vibetea-pictures')
/** How two pictures are compared. */
interface Comparison {
  /** By what their widths and heights are divided before. */
  divisor: number
  /** Difference in colour that is seen as one, of 1 (pixelmatch). */
  threshold: number
  /** Share of the pixels that may differ. */
  tolerance: number
}

/**
 * Where the same Chromium drew both, by its major version and operating system: ten times what half the size and the
 * threshold leave of other hinting and smoothing of letters (0.015 %); what another word changes is for other tests to see.
 */
const CLOSE: Comparison = { divisor: 1, threshold: 0.2, tolerance: 0.002 }
/**
 * Where another drew them, whose letters may be wider and what stands beside them elsewhere: of a page that is shifted
 * by two pixels at most 1 % differs, of one with nothing on it at least 4 %.
 */
const ROUGH: Comparison = { divisor: 8, threshold: 0.08, tolerance: 0.03 }

/** Pictures are made anew rather than compared: after a change of how things look. */
export const RENEWS = process.env.VIBETEA_RENEW_PICTURES === '1'

/** A smaller picture, each pixel the mean of a square. */
function reduced({ width, height, data }: PNG, divisor: number): PNG {
  const small = new PNG({ width: Math.floor(width / divisor), height: Math.floor(height / divisor) })
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0
        for (let row = y * divisor; row < (y + 1) * divisor; row++) {
          for (let column = x * divisor; column < (x + 1) * divisor; column++) {
            sum += data[(row * width + column) * 4 + channel]!
          }
        }
        small.data[(y * small.width + x) * 4 + channel] = Math.round(sum / divisor ** 2)
      }
    }
  }
  return small
}

/** The share of the pixels that differ, and a picture of them. */
function compare(before: PNG, now: PNG, { divisor, threshold }: Comparison) {
  const [one, other] = divisor > 1 ? [reduced(before, divisor), reduced(now, divisor)] : [before, now]
  const { width, height } = one
  const differing = new PNG({ width, height })
  // Edges of letters are left out of account, of which nothing is left in a much smaller picture.
  const options = { threshold, includeAA: divisor > 1 }
  const count = pixelmatch(one.data, other.data, differing.data, width, height, options)
  return { share: count / (width * height), differing }
}

interface Drawer {
  /** Chromium's version: `156.0.8078.79`. */
  chromium: string
  /** Node's name of the operating system: `linux`. */
  platform: string
}

function isSame(one: Drawer, other: Drawer): boolean {
  return one.platform === other.platform && parseInt(one.chromium) === parseInt(other.chromium)
}

/** Compares pictures that a Chromium of some version draws with those that are kept. */
export class Pictures {
  readonly #drawer: Drawer

  constructor(chromium: string) {
    this.#drawer = { chromium, platform: process.platform }
  }

  /**
   * Compares a page's picture, a PNG, with the one that is kept under a name: null where it looks the same, else what is
   * wrong in words. Closely where the same Chromium drew both, so that a newer one changes no result.
   */
  difference(name: string, picture: Buffer): string | null {
    const now = reduced(PNG.sync.read(picture), 2)
    const path = join(BASELINES, `${name}.png`)
    if (RENEWS) {
      mkdirSync(BASELINES, { recursive: true })
      writeFileSync(path, encodeIndexed(now))
      writeFileSync(DRAWN_BY, `${JSON.stringify(this.#drawer, null, 2)}\n`)
      return null
    }
    if (!existsSync(path)) return `${name}: there is no picture; VIBETEA_RENEW_PICTURES=1 makes it`
    const before = PNG.sync.read(readFileSync(path))
    if (before.width !== now.width || before.height !== now.height) return `${name}: is of another size`
    const drawer = JSON.parse(readFileSync(DRAWN_BY, 'utf8')) as Drawer
    const comparison = isSame(drawer, this.#drawer) ? CLOSE : ROUGH
    const { share, differing } = compare(before, now, comparison)
    if (share <= comparison.tolerance) return null
    mkdirSync(FAILED, { recursive: true })
    const seen = join(FAILED, `${name}.png`)
    writeFileSync(seen, PNG.sync.write(now))
    writeFileSync(join(FAILED, `${name}.diff.png`), PNG.sync.write(differing))
    return `${name}: ${(share * 100).toFixed(1)} % looks otherwise, see ${seen}; VIBETEA_RENEW_PICTURES=1 makes it anew`
  }
}
