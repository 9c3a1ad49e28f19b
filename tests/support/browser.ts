import { chromium, type Browser } from 'playwright-core'
import { findChromium } from './chromium.ts'

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface BrowserOptions {
  /** Names that stand for addresses, as rebound DNS names do: `{ 'evil.test': '127.0.0.1' }`. */
  hosts?: Readonly<Record<string, string>>
  /** More of Chromium's own flags. */
  flags?: readonly string[]
}

/** Starts the Chromium that `needs-chromium.ts` found, or finds one. Close it after the test. */
export function launchBrowser({ hosts = {}, flags = [] }: BrowserOptions = {}): Promise<Browser> {
  const rules = Object.entries(hosts).map(([name, address]) => `MAP ${name} ${address}`)
  return chromium.launch({
    executablePath: process.env.VIBETEA_CHROMIUM ?? findChromium(),
    headless: true,
    args: [
      ...FLAGS,
      // Chromium's sandbox does not run as root.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...(rules.length > 0 ? [`--host-resolver-rules=${rules.join(',')}`] : []),
      ...flags,
    ],
  })
}
