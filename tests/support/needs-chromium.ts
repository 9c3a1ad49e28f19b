import { findChromium } from './chromium.ts'

/** Finds, or installs, the browser that the tests drive; throws a sentence where it cannot. */
export default function setup(): void {
  process.env.VIBETEA_CHROMIUM = findChromium()
}
