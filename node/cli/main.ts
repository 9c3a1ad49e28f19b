#!/usr/bin/env node
import process from 'node:process'
import { VibeTeaError } from '../../core/errors.ts'
import { processContext } from './command.ts'
import { run } from './program.ts'

const context = processContext()
try {
  process.exitCode = await run(process.argv.slice(2), context)
} catch (error) {
  if (!(error instanceof VibeTeaError)) throw error
  context.err(error.sentence)
  process.exitCode = 1
}
