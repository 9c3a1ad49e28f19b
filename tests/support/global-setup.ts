import { findChromium } from './chromium.ts'

/** Finds, or installs, what the tests need of the machine; throws a sentence where it cannot. */
export default function setup(): void {
  process.env.VIBETEA_CHROMIUM = findChromium()
}
