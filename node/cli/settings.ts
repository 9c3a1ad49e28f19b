import { join } from 'node:path'
import process from 'node:process'
import { homeOf, readSettings } from '../home/settings.ts'
import type { FlagName, Settings } from '../home/settings.ts'
import { readConfigText } from '../home/home.ts'
import type { Context } from './command.ts'

/** The settings of a command: flags over environment over `config.json` over defaults. */
export async function settingsOf(
  context: Context,
  flags: Partial<Record<FlagName, string>> = {},
): Promise<Settings> {
  const { env, homeDirectory, hostname } = context
  const sources = { env, flags, homeDirectory, hostname, workingDirectory: process.cwd() }
  return readSettings({ ...sources, configText: await readConfigText(homeOf(sources)) })
}

/** Where the pages that open the dashboard are put; what an earlier one left is removed by the next. */
export const launchDirectory = (home: string): string => join(home, 'open')
